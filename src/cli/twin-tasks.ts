/**
 * What twins change in the tasks of a playbook, which knows nothing of them: the addresses are taken from a gateway
 * whose twin has them, and who leaves by the twin that had them moves without a drain.
 */
import type { Fleet } from '../fleet/model.ts';
import type { HostTask } from '../plan/probe.ts';
import { poolAddresses } from '../tasks/network-args.ts';
import { remembered } from '../tasks/remembered.ts';
import type { Json } from '../tasks/task-type.ts';

export function withTwins(
  tasks: ReadonlyMap<string, readonly HostTask[]>,
  fleet: Fleet,
): ReadonlyMap<string, readonly HostTask[]> {
  if ([...fleet.gateways.values()].every(({ twin }) => twin === undefined)) return tasks;
  const left = leftHops(fleet);
  // Hosts that share a task go on sharing it.
  const routed = remembered((task: HostTask) => routeTask(task, left));
  return new Map(
    [...tasks].map(([host, own]) => [host, own.map((task) => aliasTask(host, routed(task), fleet))]),
  );
}

/** Next hop of a gateway that has taken its twin's addresses -> next hop of that twin. Of two alike the first counts. */
function leftHops({ gateways }: Fleet): ReadonlyMap<string, string> {
  const left = new Map<string, string>();
  for (const { internalAddress, twin } of [...gateways.values()].toReversed()) {
    const other = gateways.get(twin ?? '');
    if (internalAddress === undefined) continue;
    if (other?.internalAddress === undefined || other.addresses === 'here') left.delete(internalAddress);
    else left.set(internalAddress, other.internalAddress);
  }
  return left;
}

function aliasTask(host: string, task: HostTask, { gateways }: Fleet): HostTask {
  const gateway = gateways.get(host);
  if (task.type !== 'aliases' || gateway?.addresses !== 'at its twin') return task;
  const { addresses } = task.args as { readonly addresses: string | readonly string[] };
  const pool = new Set(gateway.pool);
  return poolAddresses(addresses).every((address) => pool.has(address)) ? { ...task, absent: true } : task;
}

function routeTask(task: HostTask, left: ReadonlyMap<string, string>): HostTask {
  if (task.type !== 'default_route') return task;
  const args = task.args as { readonly via: string; readonly [key: string]: Json };
  const twin = left.get(args.via);
  return twin === undefined ? task : { ...task, args: { ...args, twin } };
}
