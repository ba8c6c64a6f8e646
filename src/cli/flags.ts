/** The flags that several verbs share, with the letters that Ansible users' fingers know. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { didYouMean, nearest } from '../source/did-you-mean.ts';
import { ownFlags } from './help-page.ts';

export const progressWays = ['auto', 'tty', 'plain', 'jsonl', 'quiet'] as const;
export type Progress = (typeof progressWays)[number];

/** All of them as commander gives them; a verb reads what it takes. */
export interface Flags {
  readonly playbook?: string;
  readonly extraVars: readonly string[];
  readonly limit?: string;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly startAtTask?: string;
  readonly listHosts?: true;
  readonly listTasks?: true;
  readonly user?: string;
  readonly privateKey?: string;
  readonly become?: true;
  readonly askBecomePass?: true;
  readonly forks: number;
  readonly check?: true;
  readonly dryRun?: true;
  readonly diff?: true | 'full' | 'short' | 'stat';
  readonly yes?: true;
  readonly confirmTimeout?: number;
  /** commander's spelling of --no-guard: true unless it was given. */
  readonly guard: boolean;
  readonly allowCut?: true;
  readonly breakLock?: string;
  readonly onFailure?: 'halt' | 'rollback_batch' | 'rollback_run';
  readonly maxFail?: string;
  readonly json?: true;
  readonly progress: Progress;
  readonly exitCode?: true;
  readonly out?: string;
  readonly verbose?: true;
  /** Not typed: set by `runs resume`. */
  readonly resumes?: {
    readonly run: string;
    /** The hosts that it did not bring to their end. */
    readonly left: readonly string[];
    /** Which of its hosts are in the plan again. */
    readonly hosts: 'left' | 'all';
  };
}

/** What every verb takes that looks at hosts again and again. */
export type LookFlags = Pick<
  Flags,
  'playbook' | 'extraVars' | 'user' | 'privateKey' | 'become' | 'askBecomePass' | 'forks' | 'json'
>;

export function playbookFlags(verb: Command): Command {
  return verb
    .option('-p, --playbook <file>', 'the playbook (default: playbooks/site.yaml)')
    .option('-e, --extra-vars <vars>', 'key=value, JSON, or @file; may be repeated', collect, []);
}

export function selectionFlags(verb: Command): Command {
  return verb
    .optionsGroup('Hosts and tasks:')
    .option('-l, --limit <pattern>', 'names, groups, globs, :& :! ~regex @file')
    .option('-t, --tags <tags>', 'only tasks with these tags', collectWords, [])
    .option('--skip-tags <tags>', 'not tasks with these tags', collectWords, [])
    .option('--start-at-task <name>', 'begin with this task')
    .option('--list-hosts', 'print the hosts and stop')
    .option('--list-tasks', 'print the tasks and stop')
    .optionsGroup(ownFlags);
}

export function connectionFlags(verb: Command): Command {
  return verb
    .optionsGroup('Connection:')
    .option('-u, --user <name>', 'user, where the inventory names none')
    .option('--private-key <file>', 'key, where the inventory names none')
    .option('-b, --become', 'use sudo')
    .option('-K, --ask-become-pass', "ask for sudo's password")
    .option('-f, --forks <n>', 'hosts at once', atLeastOne, 64)
    .optionsGroup(ownFlags);
}

export function runFlags(verb: Command): Command {
  return verb
    .option('-C, --check', 'change nothing, show the plan (also: --dry-run)')
    .addOption(new Option('--dry-run', 'the same as --check').hideHelp())
    .option('-y, --yes', 'do not ask')
    .optionsGroup('When it goes wrong:')
    .option('--confirm-timeout <duration>', 'how long a host waits for us before it rolls back', seconds)
    .option('--no-guard', 'no rollback by the host itself')
    .option('--allow-cut', 'also a change that certainly cuts the way in; the guard still holds')
    .option('--break-lock <run-id>', 'take the lock of a run that died on a host away')
    .addOption(
      oneOf(new Option('--on-failure <what>', 'what becomes of confirmed hosts when a run fails'), [
        'halt',
        'rollback_batch',
        'rollback_run',
      ]),
    )
    .option('--max-fail <n>', 'stop when this many hosts have failed (or a percentage)')
    .optionsGroup('What is shown:')
    .option('-D, --diff [depth]', 'full differences; full, short or stat')
    .option('-v, --verbose', 'more words')
    .option('--json', 'one JSON object on stdout at the end')
    .addOption(progressOption())
    .optionsGroup(ownFlags);
}

export function progressOption(): Option {
  return oneOf(new Option('--progress <how>', 'how progress is shown'), progressWays).default('auto');
}

/** A flag that takes one of some words; a misspelt one is told the one that was meant. */
export function oneOf(flag: Option, words: readonly string[]): Option {
  return flag.choices([...words]).argParser((word: string) => {
    if (words.includes(word)) return word;
    throw new InvalidArgumentError(didYouMean(word, words) ?? `It is one of: ${words.join(', ')}`);
  });
}

export const diffDepths = ['full', 'short', 'stat'];

/** `-D` before the inventory must not take it for its depth: a word that is none, nor nearly one, is an argument. */
export function spelledOut(words: readonly string[]): readonly string[] {
  return helpOfInner(words).map((word, index) =>
    (word === '-D' || word === '--diff') && !isDepth(words[index + 1] ?? '') ? '--diff=full' : word,
  );
}

/** `help gateway add` is `gateway help add`. */
function helpOfInner(words: readonly string[]): readonly string[] {
  const [node = '', program = '', help = '', verb = '', ...inner] = words;
  return help === 'help' && inner.length > 0 ? [node, program, verb, help, ...inner] : words;
}

function isDepth(word: string): boolean {
  return diffDepths.includes(word) || nearest(word, diffDepths) !== undefined;
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function collectWords(value: string, before: readonly string[]): readonly string[] {
  return [
    ...before,
    ...value
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  ];
}

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('a number from 1 is needed');
  return Number(text);
}

/** `60`, `60s`, `5m`, `1h`. */
export function seconds(text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,5})([smh]?)$/.exec(text) ?? [];
  const value = Number(digits) * ({ s: 1, m: 60, h: 3600 }[unit || 's'] ?? Number.NaN);
  if (!Number.isFinite(value) || value < 5)
    throw new InvalidArgumentError('a duration from 5s is needed, like 60 or 5m');
  return value;
}
