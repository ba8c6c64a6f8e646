/** What is not as it should be, in words: `alias eth1:0 is absent, not 203.0.113.11`. */
import type { AnyTaskType } from '../tasks/registry.ts';
import type { Json } from '../tasks/task-type.ts';

/** Undefined when the two are equal for the type. */
export function differenceText(type: AnyTaskType, now: Json, wanted: Json): string | undefined {
  const missing = type.changes(now, wanted);
  return missing.length === 0
    ? undefined
    : missing
        .map(({ kind, name, from, to }) => `${kind} ${name} is ${from ?? 'absent'}, not ${to ?? 'absent'}`)
        .join('; ');
}
