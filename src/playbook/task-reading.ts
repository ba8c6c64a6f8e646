/**
 * Tasks from their YAML: keywords, exactly one task type, arguments. Arguments without templates are checked here,
 * once; those with templates wait for a host, but for keys that no host could make known.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { schemaCheck } from '../source/schema-check.ts';
import { kindOf } from '../source/value.ts';
import type { SourceEntry, SourceNode } from '../source/yaml-document.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import { compiledArgs, textDiagnostic } from './args.ts';
import { checkedArgs, unknownKeys } from './args-check.ts';
import { parseExpression } from './expression.ts';
import { foreignHint, foreignModules, taskKeywords, taskSchema } from './keyword.ts';
import type { Condition, Task, Written } from './play.ts';

export type TaskTypes = ReadonlyMap<string, AnyTaskType>;

interface Context {
  /** The front of the tasks' ids: `p1t`. */
  readonly id: string;
  /** What the play hands on. */
  readonly inherited: { readonly when: readonly Condition[]; readonly tags: readonly string[] };
  readonly reading: { readonly types: TaskTypes; readonly diagnostics: Diagnostic[] };
}

export function readTasks(list: SourceNode, context: Context): readonly Task[] {
  if (list.items === undefined) {
    if (list.value === null) return [];
    const message = `tasks must be a list, and this is ${kindOf(list.value)}`;
    const hint = "begin each task with '- '";
    context.reading.diagnostics.push({ severity: 'error', message, place: list.place, hint });
    return [];
  }
  return list.items.flatMap((node, index) => {
    const task = readTask(node, `${context.id}${index + 1}`, context);
    return task === undefined ? [] : [task];
  });
}

/** The conditions of a `when`: one, or a list of which all must hold. */
export function readConditions(
  node: SourceNode | undefined,
  { diagnostics }: Context['reading'],
): readonly Condition[] {
  const nodes = node === undefined ? [] : (node.items ?? [node]);
  return nodes.flatMap((written) => {
    if (typeof written.value === 'boolean')
      return [{ expression: { kind: 'literal', value: written.value }, node: written }];
    if (typeof written.value !== 'string') return [];
    const parsed = parseExpression(written.value);
    if (parsed.ok) return [{ expression: parsed.value, node: written }];
    diagnostics.push(textDiagnostic(written, parsed.problem));
    return [];
  });
}

/** Tags as a list: `a, b` in one text are two. */
export function readTags(node: SourceNode | undefined): readonly string[] {
  const values = node === undefined ? [] : (node.items?.map(({ value }) => value) ?? [node.value]);
  return values
    .filter((value) => typeof value === 'string')
    .flatMap((text) => text.split(','))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

export function writtenVars(node: SourceNode | undefined): Written {
  return new Map(node?.entries?.map((entry) => [entry.key, entry.node]));
}

const keywords = Object.keys(taskKeywords);
let keywordCheck: ReturnType<typeof schemaCheck> | undefined;

function readTask(node: SourceNode, id: string, context: Context): Task | undefined {
  const { diagnostics, types } = context.reading;
  const { entries, place } = node;
  if (entries === undefined) {
    const message = `a task must be a mapping, and this is ${kindOf(node.value)}`;
    diagnostics.push({ severity: 'error', message, place, hint: '- sysctl: { net.ipv4.ip_forward: 1 }' });
    return undefined;
  }
  keywordCheck ??= schemaCheck(taskSchema);
  diagnostics.push(...keywordCheck(node));
  const actions = entries.filter((entry) => isAction(entry, context.reading));
  const at = (key: string): SourceNode | undefined => entries.find((entry) => entry.key === key)?.node;
  const when = [...context.inherited.when, ...readConditions(at('when'), context.reading)];
  const [action, second] = actions;
  const type = types.get(action?.key ?? '');
  if (second !== undefined) diagnostics.push(twoTypes(second, action));
  if (action === undefined || type === undefined) {
    const foreign = entries.some(({ key }) => !keywords.includes(key));
    if (!foreign) diagnostics.push(noType(node, types));
    return undefined;
  }
  diagnostics.push(...argsProblems(type, action.node));
  const name = at('name')?.value;
  return {
    id,
    name: typeof name === 'string' ? name : type.name,
    place,
    type,
    args: action.node,
    when,
    tags: [...new Set([...context.inherited.tags, ...readTags(at('tags'))])],
    vars: writtenVars(at('vars')),
    log: at('no_log')?.value === true ? 'hidden' : 'shown',
  };
}

/** True for the key of a task type; whatever is neither that nor a keyword is reported. */
function isAction({ key, keyPlace }: SourceEntry, { types, diagnostics }: Context['reading']): boolean {
  if (types.has(key)) return true;
  if (keywords.includes(key)) return false;
  const foreign = foreignHint(key);
  const module = foreignModules.get(key.split('.').at(-1) ?? key);
  const candidates = [...types.keys(), ...keywords];
  diagnostics.push({
    severity: 'error',
    message: foreign === undefined ? `unknown task type '${key}'` : `'${key}' is not supported`,
    place: keyPlace,
    hint: foreign ?? module ?? didYouMean(key, candidates) ?? `task types: ${[...types.keys()].join(', ')}`,
  });
  return false;
}

function twoTypes(second: SourceEntry, first: SourceEntry | undefined): Diagnostic {
  const related = first === undefined ? [] : [{ message: 'the first one', place: first.keyPlace }];
  return {
    severity: 'error',
    message: `a task has one task type, and '${second.key}' is a second one`,
    place: second.keyPlace,
    hint: "begin a new task with '- '",
    related,
  };
}

function noType({ place }: SourceNode, types: TaskTypes): Diagnostic {
  const hint = `task types: ${[...types.keys()].join(', ')}`;
  return { severity: 'error', message: 'this task does nothing: it has no task type', place, hint };
}

function argsProblems(type: AnyTaskType, node: SourceNode): readonly Diagnostic[] {
  const args = compiledArgs(node);
  if (args.diagnostics.length > 0) return args.diagnostics;
  return args.templated ? unknownKeys(type, node) : checkedArgs(type, node).diagnostics;
}
