/**
 * The variables that one host sees in one task. Who wins, from strong to weak: magic variables, -e, the task's vars,
 * the play's, what the fleet worked out, the inventory. Values that contain templates are filled when they are read.
 */
import type { Host } from '../inventory/model.ts';
import type { Place } from '../source/diagnostic.ts';
import type { Value } from '../source/value.ts';
import type { Looked, Lookup } from './evaluation.ts';
import type { Written } from './play.ts';
import { isSecretName } from './secret-name.ts';
import { filled, isTemplated, parseTemplate, variablesOf } from './template.ts';

/** Values by variable name; where they were written does not matter any more. */
export type Values = ReadonlyMap<string, Value>;

export interface Layers {
  readonly host: Host;
  /** -e on the command line. */
  readonly extra: Values;
  readonly task: Written;
  readonly play: Written;
  /** What the fleet knows: domain defaults, the assigned gateway. Wins over the inventory. */
  readonly fleet: Values | undefined;
}

/** A lookup that fills templates inside of values, and notices when they go round in a circle. */
export function lookupIn(layers: Layers): Lookup {
  const known = new Map<string, Looked>();
  const open: string[] = [];
  const lookup: Lookup = (name) => {
    const done = known.get(name);
    if (done !== undefined) return done;
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].join(' -> ');
      return { kind: 'broken', message: `the variables go round in a circle: ${circle}` };
    }
    open.push(name);
    const looked = lookedUp(name, rawValue(layers, name), lookup);
    open.pop();
    if (open.length === 0) known.set(name, looked);
    return looked;
  };
  return lookup;
}

/** The first of the variables, or of those that they are made of, whose name tells of a secret. */
export function secretBehind(names: readonly string[], layers: Layers): string | undefined {
  const seen = new Set<string>();
  const open = [...names];
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (isSecretName(name)) return name;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...namesIn(rawValue(layers, name)));
  }
  return undefined;
}

/** Variables that the templates inside of a value read. A key that tells of a secret counts as one. */
function namesIn(value: Value | undefined): readonly string[] {
  if (typeof value === 'string') {
    const template = isTemplated(value) ? parseTemplate(value) : undefined;
    return template?.ok === true ? variablesOf(template.value) : [];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries<Value>(value).flatMap(([key, item]) => [
    ...(isSecretName(key) ? [key] : []),
    ...namesIn(item),
  ]);
}

/** Where the value of a variable was written, if it was in a file. */
export function variablePlace({ host, extra, task, play, fleet }: Layers, name: string): Place | undefined {
  if (extra.has(name)) return undefined;
  const written = task.get(name) ?? play.get(name);
  if (written !== undefined) return written.place;
  const inherited = host.places.get(name);
  return inherited ?? (fleet?.has(name) === true ? host.place : undefined);
}

function rawValue({ host, extra, task, play, fleet }: Layers, name: string): Value | undefined {
  if (name === 'inventory_hostname') return host.name;
  if (name === 'inventory_hostname_short') return host.name.split('.')[0] ?? host.name;
  if (name === 'group_names') return groupNames(host.groups);
  // No `??` over the values themselves: null is a value.
  if (extra.has(name)) return extra.get(name);
  const written = task.get(name) ?? play.get(name);
  if (written !== undefined) return written.value;
  return fleet?.has(name) === true ? fleet.get(name) : host.variables.get(name);
}

const namesOf = new WeakMap<readonly string[], readonly string[]>();

/** As Ansible has it. Hosts of the same groups share one list, so that it is looked at once. */
function groupNames(groups: readonly string[]): readonly string[] {
  const names = namesOf.get(groups) ?? groups.filter((group) => group !== 'all').toSorted();
  namesOf.set(groups, names);
  return names;
}

function lookedUp(name: string, raw: Value | undefined, lookup: Lookup): Looked {
  if (raw === undefined) return { kind: 'undefined' };
  if (!holdsTemplates(raw)) return { kind: 'value', value: raw };
  return filledValue(name, raw, lookup);
}

const judged = new WeakMap<object, boolean>();

function holdsTemplates(value: Value): boolean {
  if (typeof value === 'string') return isTemplated(value);
  if (value === null || typeof value !== 'object') return false;
  const before = judged.get(value);
  if (before !== undefined) return before;
  const answer = Object.values<Value>(value).some(holdsTemplates);
  judged.set(value, answer);
  return answer;
}

function filledValue(name: string, value: Value, lookup: Lookup): Looked {
  if (typeof value === 'string') {
    if (!isTemplated(value)) return { kind: 'value', value };
    const template = parseTemplate(value);
    const result = template.ok ? filled(template.value, lookup) : template;
    if (result.ok) return { kind: 'value', value: result.value };
    const { message, hint } = result.problem;
    const inside = message.includes('circle') ? message : `in the value of '${name}': ${message}`;
    return { kind: 'broken', message: inside, ...(hint === undefined ? {} : { hint }) };
  }
  if (value === null || typeof value !== 'object') return { kind: 'value', value };
  const entries: [string, Value][] = [];
  for (const [key, item] of Object.entries<Value>(value)) {
    const looked = filledValue(name, item, lookup);
    if (looked.kind !== 'value') return looked;
    entries.push([key, looked.value]);
  }
  const filledOne = Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
  return { kind: 'value', value: filledOne };
}
