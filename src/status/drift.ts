/** What the playbook would change on a host as it looks now: the planner's own answer, in lines. */
import { type Left, planHost } from '../plan/decide.ts';
import type { HostTask, Sight, TaskTypes } from '../plan/probe.ts';
import type { Change, Json } from '../tasks/task-type.ts';
import type { Drift } from './model.ts';

/** `plays`: the host's tasks of each play, in order. */
export function driftOf(
  host: string,
  plays: readonly (readonly HostTask[])[],
  { sight, types }: { readonly sight: Sight; readonly types: TaskTypes },
): Drift {
  const left: Left = new Map<string, Json>();
  const changes: string[] = [];
  for (const tasks of plays) {
    const plan = planHost(host, tasks, { sight, left, types });
    if (plan.kind === 'unplannable') return { changes, unknown: plan.why };
    changes.push(...plan.tasks.flatMap((task) => task.changes.map(lineOf)));
  }
  return { changes, unknown: null };
}

function lineOf({ action, kind, name, from, to }: Change): string {
  const value = from !== undefined && to !== undefined ? `${from} -> ${to}` : (to ?? from ?? '');
  return `${action} ${kind} ${name} ${value}`.trim();
}
