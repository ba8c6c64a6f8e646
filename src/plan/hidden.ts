/**
 * What a plan shows and keeps of tasks that hold secrets: that something changes and where, never what. The plan in
 * memory has everything; every copy that leaves it (screen, --json, plan file, history) goes through `hiddenPlan`.
 */
import type { Change } from '../tasks/task-type.ts';
import type { HostPlan, Plan, TaskPlan } from './plan.ts';
import { type TaskTypes, typeOf } from './probe.ts';

/** Stands where a secret would. */
export const hidden = '(hidden)';

export function hiddenPlan(plan: Plan, types: TaskTypes): Plan {
  const plays = plan.plays.map((play) => ({
    ...play,
    hosts: play.hosts.map((host) => hiddenHost(host, types)),
  }));
  return { ...plan, plays };
}

/** Whether the states and arguments of this task are not in this copy of the plan. */
export function isSealed({ secret, args }: TaskPlan): boolean {
  return secret !== undefined && args === hidden;
}

function hiddenHost(host: HostPlan, types: TaskTypes): HostPlan {
  if (host.kind === 'unplannable' || host.tasks.every(({ secret }) => secret === undefined)) return host;
  return {
    ...host,
    tasks: host.tasks.map((task) => (task.secret === undefined ? task : hiddenTask(task, types))),
  };
}

function hiddenTask(task: TaskPlan, types: TaskTypes): TaskPlan {
  const object = shownObject(task, types);
  const changes = task.changes.map((change) => hiddenChange(change, namesTell(task, types)));
  const { booted: _, ...told } = task;
  return { ...told, object, args: hidden, from: hidden, to: hidden, changes };
}

/** What a task owns, in words that may be shown. */
export function shownObject(task: Pick<TaskPlan, 'type' | 'secret' | 'object'>, types: TaskTypes): string {
  return task.secret !== undefined && namesTell(task, types) ? `${task.type} ${hidden}` : task.object;
}

function hiddenChange({ action, kind, name, from, to }: Change, tells: boolean): Change {
  return {
    action,
    kind,
    name: tells ? hidden : name,
    ...(from === undefined ? {} : { from: hidden }),
    ...(to === undefined ? {} : { to: hidden }),
  };
}

function namesTell({ type }: Pick<TaskPlan, 'type'>, types: TaskTypes): boolean {
  return typeOf(types, type).namesTell === true;
}
