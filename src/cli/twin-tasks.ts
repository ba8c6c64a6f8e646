/**
 * What twins change in the tasks of a playbook, which knows nothing of them: the addresses are taken from a gateway
 * whose twin has them, and who leaves by the twin that had them moves without a drain.
 */
import type { Fleet } from '../fleet/model.ts';
import type { HostTask } from '../plan/probe.ts';
import { poolAddresses } from '../tasks/network-args.ts';
import type { Json } from '../tasks/task-type.ts';

export function withTwins(
  tasks: ReadonlyMap<string, readonly HostTask[]>,
  fleet: Fleet,
): ReadonlyMap<string, readonly HostTask[]> {
  if ([...fleet.gateways.values()].every(({ twin }) => twin === undefined)) return tasks;
  return new Map(
    [...tasks].map(([host, own]) => [
      host,
      own.map((task) => aliasTask(host, routeTask(task, fleet), fleet)),
    ]),
  );
}

function aliasTask(host: string, task: HostTask, { gateways }: Fleet): HostTask {
  const gateway = gateways.get(host);
  if (task.type !== 'aliases' || gateway?.addresses !== 'at its twin') return task;
  const { addresses } = task.args as { readonly addresses: string | readonly string[] };
  const pool = new Set(gateway.pool);
  return poolAddresses(addresses).every((address) => pool.has(address)) ? { ...task, absent: true } : task;
}

function routeTask(task: HostTask, { gateways }: Fleet): HostTask {
  if (task.type !== 'default_route') return task;
  const args = task.args as { readonly via: string; readonly [key: string]: Json };
  const gateway = [...gateways.values()].find(({ internalAddress }) => internalAddress === args.via);
  const left = gateways.get(gateway?.twin ?? '');
  if (left?.internalAddress === undefined || left.addresses === 'here') return task;
  return { ...task, args: { ...args, twin: left.internalAddress } };
}
