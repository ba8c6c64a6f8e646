/**
 * Which tasks a run is asked for: --tags, --skip-tags and --start-at-task with Ansible's meaning of `always`,
 * `never`, `tagged`, `untagged` and `all`. What Ansible lets pass silently is an error here: a word that selects
 * nothing.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import type { Playbook, Task } from './play.ts';

/** What the command line says; empty lists: nothing. */
export interface Selection {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly startAtTask?: string;
}

export interface Selected {
  /** Ids of the tasks that run. */
  readonly ids: ReadonlySet<string>;
  /** The others, for "left out". */
  readonly leftOut: readonly Task[];
  readonly diagnostics: readonly Diagnostic[];
}

const special = new Set(['all', 'always', 'never', 'tagged', 'untagged']);

export function selectTasks({ plays }: Playbook, selection: Selection): Selected {
  const tasks = plays.flatMap((play) => play.tasks);
  const diagnostics = unknownTags(tasks, selection);
  const start = startOf(tasks, selection.startAtTask);
  if (start === undefined) diagnostics.push(noStart(tasks, selection.startAtTask ?? ''));
  const runs = tasks.filter((task, index) => index >= (start ?? 0) && isAsked(task.tags, selection));
  if (tasks.length > 0 && runs.length === 0 && diagnostics.length === 0)
    diagnostics.push({
      severity: 'error',
      message: 'the tags leave no task to run',
      hint: '--list-tasks shows them',
    });
  const ids = new Set(runs.map(({ id }) => id));
  return { ids, leftOut: tasks.filter(({ id }) => !ids.has(id)), diagnostics };
}

/** Ansible's `evaluate_tags`. */
export function isAsked(own: readonly string[], { tags, skipTags }: Selection): boolean {
  const only = tags.length === 0 ? ['all'] : tags;
  const mine = own.length === 0 ? ['untagged'] : own;
  const never = mine.includes('never');
  const tagged = own.length > 0;
  const asked =
    mine.includes('always') ||
    (only.includes('all') && !never) ||
    mine.some((tag) => only.includes(tag)) ||
    (only.includes('tagged') && tagged && !never);
  if (!asked) return false;
  if (skipTags.includes('all')) return mine.includes('always') && !skipTags.includes('always');
  if (mine.some((tag) => skipTags.includes(tag))) return false;
  return !(skipTags.includes('tagged') && tagged);
}

function unknownTags(tasks: readonly Task[], { tags, skipTags }: Selection): Diagnostic[] {
  const known = new Set(tasks.flatMap((task) => task.tags));
  const wrong = [...new Set([...tags, ...skipTags])].filter((tag) => !known.has(tag) && !special.has(tag));
  const all = [...known].toSorted();
  return wrong.map((tag) => ({
    severity: 'error',
    message: `no task has the tag '${tag}'`,
    hint: didYouMean(tag, all) ?? (all.length === 0 ? 'no task has tags' : `tags: ${all.join(', ')}`),
  }));
}

/** The index of the first task; undefined when nothing matches. */
function startOf(tasks: readonly Task[], pattern: string | undefined): number | undefined {
  if (pattern === undefined) return 0;
  const shape = globShape(pattern);
  const index = tasks.findIndex(({ name }) => name === pattern || shape.test(name));
  return index < 0 ? undefined : index;
}

function noStart(tasks: readonly Task[], pattern: string): Diagnostic {
  const names = tasks.map(({ name }) => name);
  const hint = didYouMean(pattern, names) ?? `tasks: ${names.map((name) => `'${name}'`).join(', ')}`;
  return { severity: 'error', message: `no task is named '${pattern}'`, hint };
}

/** `*`, `?` and `[abc]` as in fnmatch, over the whole name; case counts. */
function globShape(pattern: string): RegExp {
  const parts = pattern.match(/\[!?[^\]]+\]|[\s\S]/g) ?? [];
  return new RegExp(`^${parts.map(globPart).join('')}$`, 's');
}

function globPart(part: string): string {
  if (part === '*') return '.*';
  if (part === '?') return '.';
  if (part.length > 1)
    return `[${part
      .slice(1, -1)
      .replace(/^!/, '^')
      .replace(/[\\[\]]/g, '\\$&')}]`;
  return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
