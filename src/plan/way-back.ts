/**
 * The way back of a host: the changes of a plan turned round, the last one first. What a reader gets wrong: it is no
 * undo log that is played. Each task is planned like any other, from what the host looks like now; one whose object no
 * longer looks as that run left it is refused, because somebody wanted it otherwise since.
 */
import type { AnyTaskType } from '../tasks/registry.ts';
import type { Json, Observation, Wanted } from '../tasks/task-type.ts';
import { differenceText } from './difference.ts';
import type { PlannedHost } from './plan.ts';
import { type HostTask, type TaskTypes, typeOf, type WayBack } from './probe.ts';

/** The tasks that take the changes of one play on a host back. Tasks that changed nothing are left out. */
export function tasksBack({ tasks }: PlannedHost, run: string): readonly HostTask[] {
  return tasks
    .filter(({ changes }) => changes.length > 0)
    .toReversed()
    .map(({ id, type, name, place, args, from, to }) => {
      return { id, type, name, place, args, back: { run, from: to, to: from } };
    });
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
  const why = differenceText(type, now, from);
  return why === undefined
    ? { kind: 'state', state: to }
    : { kind: 'refused', why: `${why} as run ${run} left it`, stale: true };
}
