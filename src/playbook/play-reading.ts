/**
 * Plays from their YAML. Every mistake is collected and reading goes on with the default, so that one run shows them
 * all; whoever calls must not use the plays when there are errors.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { schemaCheck } from '../source/schema-check.ts';
import { kindOf, type Value } from '../source/value.ts';
import type { SourceEntry, SourceNode } from '../source/yaml-document.ts';
import { parseDuration } from './duration.ts';
import { foreignHint, playKeywords, playSchema, taskLists } from './keyword.ts';
import { type Amount, defaultConfirmTimeoutSeconds, type Play } from './play.ts';
import { readConditions, readTags, readTasks, type TaskTypes, writtenVars } from './task-reading.ts';

const check = once(() => schemaCheck(playSchema));
const known = [...Object.keys(playKeywords), ...Object.keys(taskLists)];

export interface Reading {
  readonly types: TaskTypes;
  readonly diagnostics: Diagnostic[];
}

/** One play. `id` is `p1`, `p2` ... */
export function readPlay(node: SourceNode, id: string, reading: Reading): Play | undefined {
  const { entries, place } = node;
  if (entries === undefined) {
    const message = `a play must be a mapping, and this is ${kindOf(node.value)}`;
    reading.diagnostics.push({ severity: 'error', message, place, hint: '- hosts: gateways' });
    return undefined;
  }
  for (const entry of entries) judgeKey(entry, reading);
  reading.diagnostics.push(...check()(node));
  const at = (key: string): SourceNode | undefined => entries.find((entry) => entry.key === key)?.node;
  const inherited = { when: readConditions(at('when'), reading), tags: readTags(at('tags')) };
  return {
    id,
    place,
    name: textOf(at('name')) ?? listOf(at('hosts')).join(','),
    hosts: { pattern: patternOf(node, at('hosts'), reading), place: at('hosts')?.place ?? place },
    ...rolling(at),
    become: typeof at('become')?.value === 'boolean' ? at('become')?.value === true : undefined,
    vars: writtenVars(at('vars')),
    tasks: tasksOf(node, at('tasks'), { id: `${id}t`, inherited, reading }),
    gate: at('gate') === undefined ? [] : gateOf(at('gate'), { id: `${id}g`, inherited, reading }),
  };
}

function judgeKey({ key, keyPlace }: SourceEntry, { types, diagnostics }: Reading): void {
  if (known.includes(key)) return;
  const foreign = foreignHint(key);
  if (foreign !== undefined) {
    diagnostics.push({
      severity: 'error',
      message: `'${key}' is not supported`,
      place: keyPlace,
      hint: foreign,
    });
    return;
  }
  const hint = types.has(key)
    ? "a task belongs into the play's list 'tasks'"
    : (didYouMean(key, known) ?? `keywords of a play: ${known.join(', ')}`);
  diagnostics.push({
    severity: 'error',
    message: `unknown keyword '${key}' in a play`,
    place: keyPlace,
    hint,
  });
}

function patternOf(play: SourceNode, hosts: SourceNode | undefined, { diagnostics }: Reading): string {
  const patterns = listOf(hosts);
  if (hosts === undefined || patterns.length === 0) {
    const place = hosts?.place ?? play.place;
    diagnostics.push({ severity: 'error', message: "a play needs 'hosts'", place, hint: 'hosts: gateways' });
  }
  return patterns.join(',');
}

type Keywords = (key: string) => SourceNode | undefined;
type Rolling = Omit<Play, 'id' | 'place' | 'name' | 'hosts' | 'become' | 'vars' | 'tasks' | 'gate'>;

function rolling(at: Keywords): Rolling {
  const onFailure = at('on_failure')?.value;
  const percentage = at('max_fail_percentage')?.value;
  return {
    serial: serialOf(at('serial')?.value),
    canary: amountOf(at('canary')?.value),
    maxFail: amountOf(at('max_fail')?.value),
    maxFailPercentage: percentOf(percentage),
    anyErrorsFatal: at('any_errors_fatal')?.value === true,
    soakSeconds: parseDuration(at('soak')?.value) ?? 0,
    confirmTimeoutSeconds: parseDuration(at('confirm_timeout')?.value) ?? defaultConfirmTimeoutSeconds,
    onFailure: onFailure === 'rollback_batch' || onFailure === 'rollback_run' ? onFailure : 'halt',
  };
}

function serialOf(written: Value | undefined): readonly Amount[] {
  const steps: readonly Value[] = Array.isArray(written) ? (written as readonly Value[]) : [written ?? 0];
  return steps.map((step) => amountOf(step) ?? { count: 0 });
}

function amountOf(written: Value | undefined): Amount | null {
  if (typeof written === 'number') return { count: Math.max(0, written) };
  if (typeof written !== 'string') return null;
  const number = Number.parseInt(written, 10);
  return written.endsWith('%') ? { percent: number } : { count: number };
}

function percentOf(written: Value | undefined): number | null {
  if (typeof written === 'number') return written;
  return typeof written === 'string' ? Number.parseFloat(written) : null;
}

type TaskContext = Parameters<typeof readTasks>[1];

function tasksOf(play: SourceNode, tasks: SourceNode | undefined, context: TaskContext): Play['tasks'] {
  if (tasks !== undefined) return readTasks(tasks, context);
  const message = "a play needs 'tasks'";
  context.reading.diagnostics.push({ severity: 'error', message, place: play.place });
  return [];
}

function gateOf(node: SourceNode | undefined, context: TaskContext): Play['gate'] {
  const tasks = node === undefined ? [] : readTasks(node, context);
  for (const { type, place } of tasks) {
    if (type.verifyOnly === true) continue;
    const message = `a gate only looks, and '${type.name}' changes the host`;
    context.reading.diagnostics.push({
      severity: 'error',
      message,
      place,
      hint: "use the task type 'check'",
    });
  }
  return tasks;
}

function textOf(node: SourceNode | undefined): string | undefined {
  return typeof node?.value === 'string' ? node.value : undefined;
}

function listOf(node: SourceNode | undefined): readonly string[] {
  const values: readonly Value[] = node?.items?.map(({ value }) => value) ?? [node?.value ?? null];
  return values.filter((value) => typeof value === 'string').filter((value) => value.trim() !== '');
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
