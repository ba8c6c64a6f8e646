/**
 * The way back of a host: the changes of a plan turned round, the last one first. What a reader gets wrong: it is no
 * undo log that is played. Each task is planned like any other, from what the host looks like now; one whose object no
 * longer looks as that run left it is refused, because somebody wanted it otherwise since.
 */
import type { Facts } from '../tasks/facts.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { Json, Observation, Wanted } from '../tasks/task-type.ts';
import { bootParts } from './boot.ts';
import { differenceText } from './difference.ts';
import { isSealed } from './hidden.ts';
import type { PlannedHost, TaskPlan } from './plan.ts';
import { type HostTask, type TaskTypes, typeOf, type WayBack } from './probe.ts';

/** The tasks that take the changes of one play on a host back. Tasks that changed nothing are left out. */
export function tasksBack(
  { tasks, facts }: PlannedHost,
  { run, types }: { readonly run: string; readonly types: TaskTypes },
): readonly HostTask[] {
  return tasks
    .filter((task) => task.changes.length > 0 && !isSealed(task))
    .toReversed()
    .map((task) => {
      const { id, type, name, place, args, from, to, secret, booted = { from, to } } = task;
      const hidden = secret === undefined ? {} : { secret };
      const forgotten = hadBootFiles(task, typeOf(types, type), facts) ? {} : { forgotten: true as const };
      const profiles = facts.boot?.profiles ?? [];
      const kept = { from: booted.to, to: booted.from, ...(profiles.length === 0 ? {} : { profiles }) };
      const back = { run, from: to, to: from, booted: kept };
      const asked = typeOf(types, type).argsBack?.(args, from) ?? args;
      return { id, type, name, place, args: asked as Json, back, ...hidden, ...forgotten };
    });
}

/**
 * Whether something of the task was kept for a restart before the run; where nobody had looked, it may have been. What
 * others keep in profiles goes back to what these were then.
 */
function hadBootFiles(task: TaskPlan, type: AnyTaskType, facts: Facts): boolean {
  const there = new Set(facts.boot?.files.map(({ path }) => path));
  return (
    facts.boot === undefined ||
    bootParts(task, type, facts).some((part) => !('path' in part) || there.has(part.path))
  );
}

/** Names of the changes that a stored plan has nothing of: their secrets are nowhere kept. */
export function sealedChanges({ tasks }: PlannedHost): readonly string[] {
  return tasks.filter((task) => task.changes.length > 0 && isSealed(task)).map(({ name }) => name);
}

/** What no way back can undo, in words: `Slow: a command has no undo`. */
export function cannotGoBack({ tasks }: PlannedHost, types: TaskTypes): readonly string[] {
  return tasks.flatMap(({ name, type, changes }) => {
    const { undo } = typeOf(types, type);
    return undo === 'turned' || changes.length === 0 ? [] : [`${name}: ${undo.impossible}`];
  });
}

/** The state to go back to. `stale`: the object is not as the run left it. */
export function wantedBack(
  { run, from, to }: WayBack,
  seen: Observation<Json>,
  type: AnyTaskType,
): Wanted<Json> & { readonly stale?: true } {
  const now = seen.kind === 'present' ? seen.state : null;
  if (type.undo !== 'turned') {
    const text = `cannot be undone and stays as it is: ${type.undo.impossible}`;
    return { kind: 'state', state: now, notes: [{ level: 'warning', text }] };
  }
  if (type.changes(now, to).length === 0) return { kind: 'state', state: to };
  const moved = differenceText(type, now, type.settled?.(from, now) ?? from);
  if (moved !== undefined) return { kind: 'refused', why: `${moved} as run ${run} left it`, stale: true };
  const why = type.refusesBack?.(now, to);
  return why === undefined ? { kind: 'state', state: to } : { kind: 'refused', why };
}
