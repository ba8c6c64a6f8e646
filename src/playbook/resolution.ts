/**
 * What a play means on each of its hosts: batches, rules, and the tasks with their arguments filled in and checked.
 * Hosts that see the same values share one answer: the work grows with the number of different values, not with the
 * number of hosts, and a mistake that 4,000 hosts share is told once.
 */
import type { Host, Inventory } from '../inventory/model.ts';
import { type Diagnostic, hasErrors, type Place } from '../source/diagnostic.ts';
import type { Value } from '../source/value.ts';
import type { Json } from '../tasks/task-type.ts';
import { type CompiledArgs, compiledArgs, textDiagnostic } from './args.ts';
import { checkedArgs } from './args-check.ts';
import { batchesOf, rulesOf } from './batch.ts';
import { Complaints } from './complaint.ts';
import { evaluated, type Lookup, truthy } from './evaluation.ts';
import type { Play, Task } from './play.ts';
import type { PlayRules } from './rules.ts';
import { type Layers, lookupIn, secretBehind, type Values, variablePlace } from './scope.ts';
import { variablesIn } from './template.ts';

/** One task of a host, arguments filled in and checked. */
export interface ResolvedTask {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly place: Place;
  readonly args: Json;
  /** Why nothing of it may be shown or kept: `no_log`, or the variable that tells of a secret. */
  readonly secret?: string;
}

export interface ResolvedPlay {
  readonly id: string;
  readonly name: string;
  readonly place: Place;
  /** The host pattern as written. */
  readonly pattern: string;
  /** Host names; a host is in exactly one batch. */
  readonly batches: readonly (readonly string[])[];
  readonly rules: PlayRules;
  /** Undefined: as the inventory says. */
  readonly become: boolean | undefined;
  /** In the order in which the hosts go. A host whose tasks are all left out has none. */
  readonly tasks: ReadonlyMap<string, readonly ResolvedTask[]>;
  readonly gate: ReadonlyMap<string, readonly ResolvedTask[]>;
}

export interface Surroundings {
  /** Names of the play's hosts in inventory order, the limit applied. */
  readonly hosts: readonly string[];
  readonly inventory: Inventory;
  /** What the fleet adds to a host's variables, by host name. */
  readonly fleetVariables: ReadonlyMap<string, Values>;
  /** -e. */
  readonly extraVariables: Values;
  /** Ids of the tasks that were asked for; undefined: all. */
  readonly selected: ReadonlySet<string> | undefined;
}

/** With errors among the diagnostics the play must not be used. */
export function resolvePlay(
  play: Play,
  around: Surroundings,
): { readonly resolved: ResolvedPlay; readonly diagnostics: readonly Diagnostic[] } {
  const complaints = new Complaints();
  const wanted = play.tasks.filter(({ id }) => around.selected?.has(id) !== false);
  const resolved = {
    id: play.id,
    name: play.name,
    place: play.place,
    pattern: play.hosts.pattern,
    batches: batchesOf(around.hosts, play),
    rules: rulesOf(play, around.hosts.length),
    become: play.become,
    tasks: perHost(wanted, { play, around, complaints }),
    gate: perHost(play.gate, { play, around, complaints }),
  };
  return { resolved, diagnostics: complaints.diagnostics() };
}

interface Resolving {
  readonly play: Play;
  readonly around: Surroundings;
  readonly complaints: Complaints;
}

function perHost(
  tasks: readonly Task[],
  { play, around, complaints }: Resolving,
): ReadonlyMap<string, readonly ResolvedTask[]> {
  const makers = tasks.map((task) => ({ task, answer: answering(task) }));
  const found = new Map<string, readonly ResolvedTask[]>();
  for (const name of around.hosts) {
    const host = around.inventory.hosts.get(name);
    if (host === undefined) continue;
    const bare = layersOf(host, play, around);
    const shared = lookupIn(bare);
    const own: ResolvedTask[] = [];
    for (const { task, answer } of makers) {
      const layers = task.vars.size === 0 ? bare : { ...bare, task: task.vars };
      const { diagnostics, resolved } = answer(layers, task.vars.size === 0 ? shared : lookupIn(layers));
      for (const diagnostic of diagnostics) complaints.add(diagnostic, name);
      if (resolved !== undefined) own.push(resolved);
    }
    found.set(name, own);
  }
  return found;
}

const none: Layers['task'] = new Map();

function layersOf(host: Host, play: Play, around: Surroundings): Layers {
  const fleet = around.fleetVariables.get(host.name);
  return { host, extra: around.extraVariables, task: none, play: play.vars, fleet };
}

interface Answer {
  /** Missing when the task is left out here, or when there are errors. */
  readonly resolved?: ResolvedTask;
  readonly diagnostics: readonly Diagnostic[];
}

/** Remembers its answers by the values of the variables that the task reads. */
function answering(task: Task): (layers: Layers, lookup: Lookup) => Answer {
  const args = compiledArgs(task.args);
  const conditions = task.when.flatMap(({ expression }) => variablesIn(expression));
  const variables = [...new Set([...args.variables, ...conditions])];
  const answers = new Map<string, Answer>();
  return (layers, lookup) => {
    const key = variables.map((name) => fingerprint(lookup, name)).join('\u0000');
    const before = answers.get(key);
    if (before !== undefined) return before;
    const answer = answerFor(task, args, { layers, lookup });
    answers.set(key, answer);
    return answer;
  };
}

function fingerprint(lookup: Lookup, name: string): string {
  const looked = lookup(name);
  if (looked.kind !== 'value') return looked.kind === 'broken' ? `!${looked.message}` : '';
  return written(looked.value);
}

const texts = new WeakMap<object, string>();

function written(value: Value): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const before = texts.get(value) ?? JSON.stringify(value);
  texts.set(value, before);
  return before;
}

interface Sight {
  readonly layers: Layers;
  readonly lookup: Lookup;
}

function answerFor(task: Task, args: CompiledArgs, { layers, lookup }: Sight): Answer {
  for (const { expression, node } of task.when) {
    const value = evaluated(expression, lookup);
    if (!value.ok) return { diagnostics: [textDiagnostic(node, value.problem)] };
    if (!truthy(value.value)) return { diagnostics: [] };
  }
  const { id, name, place, type } = task;
  const secret = task.log === 'hidden' ? 'no_log' : secretBehind(args.variables, layers);
  const known = { id, type: type.name, name, place, ...(secret === undefined ? {} : { secret }) };
  if (!args.templated) return { resolved: { ...known, args: task.args.value }, diagnostics: [] };
  const filled = args.fill(lookup);
  if (filled.diagnostics.length > 0) return { diagnostics: filled.diagnostics };
  const checked = checkedArgs(type, filled.node);
  const diagnostics = checked.diagnostics.map((diagnostic) =>
    traced(diagnostic, filled.origins.get(diagnostic.place ?? place) ?? [], layers),
  );
  if (hasErrors(diagnostics)) return { diagnostics };
  return { resolved: { ...known, args: checked.args }, diagnostics };
}

/** The diagnostic with the places of the variables that brought the value. */
function traced(diagnostic: Diagnostic, variables: readonly string[], layers: Layers): Diagnostic {
  const places = variables.flatMap((name) => {
    const place = variablePlace(layers, name);
    return place === undefined ? [] : [{ message: `the value of '${name}'`, place }];
  });
  if (places.length === 0) return diagnostic;
  return { ...diagnostic, related: [...places, ...(diagnostic.related ?? [])] };
}
