/**
 * A saved plan has no secrets in it: of a task that holds one there is a digest of its arguments, and that is all.
 * When the plan is carried out, such tasks are made again: arguments from the inventory, which must have the same
 * digest, and the state from a look at the host, which must be the one that the plan was made from.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { cksum } from '../plan/cksum.ts';
import { planHost } from '../plan/decide.ts';
import { hidden, isSealed } from '../plan/hidden.ts';
import type { HostPlan, PlannedHost, TaskPlan } from '../plan/plan.ts';
import type { HostTask, Sight, TaskTypes } from '../plan/probe.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { FleetRequest } from '../run/plan-fleet.ts';
import type { Seals } from './plan-file.ts';
import { UsageError } from './usage.ts';

type TasksByHost = ReadonlyMap<string, readonly HostTask[]>;

/** The tasks as they may be written down. */
export function sealedTasks(tasks: TasksByHost): TasksByHost {
  return mapTasks(tasks, (task) => (task.secret === undefined ? task : sealed(task)));
}

function sealed({ back: _, ...task }: HostTask): HostTask {
  return { ...task, args: hidden };
}

/** Digests of the arguments that are left out, by `task@host`. */
export function sealsOf(request: FleetRequest): Seals {
  const salt = randomBytes(16).toString('hex');
  const digests: Record<string, string> = {};
  for (const [host, tasks] of request.plays.flatMap((play) => [...play.tasks, ...play.gate]))
    for (const task of tasks)
      if (task.secret !== undefined) digests[`${task.id}@${host}`] = digestOf(task, salt);
  return { salt, digests };
}

/** The request of a saved plan with its secrets again. Throws when they are others now. */
export function unsealedRequest(saved: FleetRequest, seals: Seals, fresh: FleetRequest): FleetRequest {
  const now = new Map<string, HostTask>();
  for (const [host, tasks] of fresh.plays.flatMap((play) => [...play.tasks, ...play.gate]))
    for (const task of tasks) now.set(`${task.id}@${host}`, task);
  const opened = (tasks: TasksByHost): TasksByHost =>
    mapTasks(tasks, (task, host) => {
      if (task.secret === undefined) return task;
      const key = `${task.id}@${host}`;
      const found = now.get(key);
      if (found !== undefined && digestOf(found, seals.salt) === seals.digests[key]) return found;
      throw new UsageError(
        `'${task.name}' on ${host} holds a secret, and it is another one since the plan was made`,
        'make a new plan: gwfleet plan INVENTORY -o FILE',
        exitCodes.staleOrLocked,
      );
    });
  const plays = saved.plays.map((play) => ({ ...play, tasks: opened(play.tasks), gate: opened(play.gate) }));
  return { ...saved, plays };
}

/** The tasks that hold secrets, by host: what a host must be looked at for before its plan can be opened. */
export function secretTasks(request: FleetRequest): TasksByHost {
  const found = new Map<string, HostTask[]>();
  for (const [host, tasks] of request.plays.flatMap((play) => [...play.tasks]))
    for (const task of tasks)
      if (task.secret !== undefined) found.set(host, [...(found.get(host) ?? []), task]);
  return found;
}

/** The plan of a host with its sealed tasks made again from a look at it; a host that has moved cannot be planned. */
export function unsealed(
  plan: PlannedHost,
  { sight, secrets }: { readonly sight: Sight; readonly secrets: readonly HostTask[] },
  types: TaskTypes,
): HostPlan {
  const tasks: TaskPlan[] = [];
  for (const task of plan.tasks) {
    const found = isSealed(task) ? secrets.find(({ id }) => id === task.id) : undefined;
    if (found === undefined) tasks.push(task);
    else {
      const seen = sight.outputs.get(task.id);
      if (seen === undefined || cksum(seen.stdout) !== task.seen) return moved(plan, task);
      const fresh = planHost(plan.host, [found], { sight, left: new Map(), types });
      if (fresh.kind === 'unplannable') return fresh;
      tasks.push(...fresh.tasks);
    }
  }
  return { ...plan, tasks };
}

function moved({ host }: PlannedHost, { name, place }: TaskPlan): HostPlan {
  const why = 'the host has moved since the plan was made';
  return { kind: 'unplannable', host, result: 'failed', why, stale: true, task: { name, place } };
}

function mapTasks(tasks: TasksByHost, made: (task: HostTask, host: string) => HostTask): TasksByHost {
  return new Map([...tasks].map(([host, own]) => [host, own.map((task) => made(task, host))]));
}

function digestOf({ type, args }: HostTask, salt: string): string {
  return createHmac('sha256', salt)
    .update(JSON.stringify([type, args]))
    .digest('hex');
}
