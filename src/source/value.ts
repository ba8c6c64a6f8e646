/**
 * A value as YAML gives it: plain JSON data. Variables, arguments of tasks and schema checks all speak of it.
 */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** A mapping, as opposed to a list, a scalar or null. */
export function isMapping(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a person calls this kind of value: `a list`, `text`, `a number`. */
export function kindOf(value: Value): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as 'string'];
}

/** A value in a message: text as it is, everything else as JSON. */
export function shownValue(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
