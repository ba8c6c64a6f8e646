/**
 * What the playbook would change on a host as it looks now: the planner's own answer, in lines; what it would still wait
 * for then, and what the host does not let us have.
 */
import { type Left, planHost } from '../plan/decide.ts';
import type { TaskPlan } from '../plan/plan.ts';
import { type HostTask, type Sight, type TaskTypes, typeOf } from '../plan/probe.ts';
import type { Change, Json } from '../tasks/task-type.ts';
import type { Drift } from './model.ts';

export interface HostWait {
  /** Addresses, `, ` between them. */
  readonly what: string;
  /** How long a run stays and waits, and what it does then with what is left. */
  readonly deadlineSeconds: number;
  readonly atDeadline: 'leave' | 'cut';
}

/** `plays`: the host's tasks of each play, in order. */
export function driftOf(
  host: string,
  plays: readonly (readonly HostTask[])[],
  { sight, types }: Ground,
): Drifted {
  const left: Left = new Map<string, Json>();
  const changes: string[] = [];
  const waits: HostWait[] = [];
  const notes: string[] = [];
  for (const tasks of plays) {
    const plan = planHost(host, tasks, { sight, left, types });
    if (plan.kind === 'unplannable') return { drift: { changes, unknown: plan.why }, waits, notes };
    changes.push(...plan.tasks.flatMap((task) => task.changes.map(lineOf)));
    waits.push(...plan.tasks.flatMap((task) => waitOf(task, { sight, types })));
    notes.push(...plan.tasks.flatMap((task) => notesOf(task, types)));
  }
  return { drift: { changes, unknown: null }, waits, notes };
}

interface Drifted {
  readonly drift: Drift;
  readonly waits: readonly HostWait[];
  readonly notes: readonly string[];
}

/** Of what stays as it is. Drains have lines of their own. */
function notesOf({ type, changes, notes }: TaskPlan, types: TaskTypes): readonly string[] {
  const own = typeOf(types, type);
  if (changes.length > 0 || own.waiting !== undefined || own.draining !== undefined) return [];
  return notes.filter(({ level }) => level === 'warning').map(({ text }) => text);
}

interface Ground {
  readonly sight: Sight;
  readonly types: TaskTypes;
}

function waitOf(task: TaskPlan, { sight, types }: Ground): readonly HostWait[] {
  const type = typeOf(types, task.type);
  const output = sight.outputs.get(task.id);
  if (type.waiting === undefined || output === undefined) return [];
  const waiting = type.waiting(task.to, type.read(output, task.args), task.args);
  if (waiting === undefined) return [];
  const atDeadline = waiting.atDeadline === undefined ? 'leave' : 'cut';
  return [{ what: waiting.what, deadlineSeconds: waiting.seconds, atDeadline }];
}

function lineOf({ action, kind, name, from, to }: Change): string {
  const value = from !== undefined && to !== undefined ? `${from} -> ${to}` : (to ?? from ?? '');
  return `${action} ${kind} ${name} ${value}`.trim();
}
