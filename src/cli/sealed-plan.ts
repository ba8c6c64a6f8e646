/**
 * A saved plan has no secrets in it: of a task that holds one there is a digest of its arguments, and that is all.
 * When the plan is carried out, such tasks are made again: arguments from the inventory, which must have the same
 * digest, and the state from a look at the host, which must be the one that the plan was made from.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { planHost } from '../plan/decide.ts';
import { hidden, isSealed } from '../plan/hidden.ts';
import type { HostPlan, PlannedHost, TaskPlan } from '../plan/plan.ts';
import type { HostTask } from '../plan/probe.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { RunContext } from '../run/context.ts';
import type { FleetRequest } from '../run/plan-fleet.ts';
import { type Survey, surveyHosts } from '../run/survey.ts';
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

/** The plans of hosts with sealed tasks, made again by a look at them; a host that has moved cannot be planned. */
export async function unsealedHosts(
  plays: readonly { readonly hosts: readonly HostPlan[] }[],
  request: FleetRequest,
  context: RunContext,
): Promise<readonly (readonly HostPlan[])[]> {
  const looks = new Map<string, HostTask[]>();
  const taskOf = new Map<string, HostTask>();
  for (const play of request.plays)
    for (const [host, tasks] of play.tasks)
      for (const task of tasks) {
        if (task.secret === undefined) continue;
        looks.set(host, [...(looks.get(host) ?? []), task]);
        taskOf.set(`${task.id}@${host}`, task);
      }
  const surveys = looks.size === 0 ? new Map<string, Survey>() : await surveyHosts(looks, context);
  for (const survey of surveys.values()) if (survey.kind === 'seen') await survey.remote.close();
  const open = (host: HostPlan): HostPlan =>
    unsealed(host, { survey: surveys.get(host.host), taskOf }, context);
  return plays.map(({ hosts }) => hosts.map(open));
}

function unsealed(
  plan: HostPlan,
  { survey, taskOf }: { readonly survey: Survey | undefined; readonly taskOf: ReadonlyMap<string, HostTask> },
  { types }: RunContext,
): HostPlan {
  if (plan.kind === 'unplannable' || !plan.tasks.some(isSealed)) return plan;
  const { host } = plan;
  if (survey?.kind !== 'seen')
    return {
      kind: 'unplannable',
      host,
      result: survey?.result ?? 'failed',
      why: survey?.why ?? 'not looked at',
    };
  const tasks: TaskPlan[] = [];
  for (const task of plan.tasks) {
    const found = taskOf.get(`${task.id}@${host}`);
    if (found === undefined || !isSealed(task)) tasks.push(task);
    else {
      const fresh = planHost(host, [found], { sight: survey.sight, left: new Map(), types });
      const made = fresh.kind === 'planned' ? fresh.tasks[0] : undefined;
      if (made === undefined || made.seen !== task.seen) return moved(plan, task);
      tasks.push(made);
    }
  }
  return { ...plan, tasks };
}

function moved({ host }: PlannedHost, { name, place }: TaskPlan): HostPlan {
  const why = 'the host has moved since the plan was made';
  return { kind: 'unplannable', host, result: 'failed', why, task: { name, place } };
}

function mapTasks(tasks: TasksByHost, made: (task: HostTask, host: string) => HostTask): TasksByHost {
  return new Map([...tasks].map(([host, own]) => [host, own.map((task) => made(task, host))]));
}

function digestOf({ type, args }: HostTask, salt: string): string {
  return createHmac('sha256', salt)
    .update(JSON.stringify([type, args]))
    .digest('hex');
}
