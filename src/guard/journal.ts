/**
 * What a guarded host said, line by line, turned into values. Lines that do not begin with the run's mark are
 * somebody else's output and are left alone. Text from steps travels on one line with US (0x1f) for newlines.
 */
import { type GuardState, guardStates } from './engine.ts';

/** Why a host would not begin: nothing was changed there. */
export type Refusal =
  | { readonly kind: 'locked'; readonly by: LockHolder }
  | { readonly kind: 'stale'; readonly tasks: readonly string[] }
  | { readonly kind: 'cannot-write'; readonly why: string }
  | { readonly kind: 'no-watchdog' }
  /** The connection died before anything was changed. */
  | { readonly kind: 'cannot-answer' }
  /** A dead guard of another run was found pending and has been rolled back now; ours has not begun. */
  | { readonly kind: 'settled'; readonly run: string; readonly state: GuardState | undefined };

/** Who holds a host's lock. `sinceEpochSeconds` is by the holder's clock. */
export interface LockHolder {
  readonly run: string;
  readonly owner: string;
  readonly sinceEpochSeconds: number;
  readonly secondsLeft: number | null;
  /** Dead: it has no process any more and was never armed; it can be broken on purpose. */
  readonly life: 'alive' | 'dead';
}

export interface StepEnd {
  readonly task: string;
  readonly code: number;
  readonly said: string;
}

export interface Journal {
  readonly refusal: Refusal | undefined;
  /** The lock is held and the host looks as the plan saw it; from here on it may have been changed. */
  readonly ready: boolean;
  readonly armed: boolean;
  readonly begun: readonly string[];
  readonly ended: readonly StepEnd[];
  readonly undone: readonly StepEnd[];
  /** Task ids whose objects still differ from the checkpoint after a rollback. */
  readonly differs: readonly string[];
  readonly applied: boolean;
  readonly state: GuardState | 'gone' | undefined;
  readonly watchdogAlive: boolean | undefined;
  /** How long the guard still waits, when it was asked. */
  readonly secondsLeft: number | undefined;
  readonly bootFailed: string | undefined;
  /** The kernel's boot id, when the host was asked how a run ended: another one means that it was rebooted. */
  readonly bootId: string | undefined;
  /** A run that had ended without taking its lock away, or whose stale lock was broken on purpose. */
  readonly leftovers: readonly { readonly run: string; readonly how: 'finished' | 'broke' }[];
  readonly asked: boolean;
  readonly done: boolean;
}

/** Everything the marked lines of a stdout say; later lines win. */
export function readJournal(mark: string, stdout: string): Journal {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1)] : []));
  const all = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const has = (word: string) => lines.some((line) => line.trim() === word);
  const watchdog = all('watchdog').at(-1);
  return {
    refusal: all('refused').map(readRefusal).at(-1),
    ready: has('ready'),
    armed: has('armed'),
    begun: all('begin').map((id) => id.trim()),
    ended: all('end').flatMap(readEnd),
    undone: all('undo').flatMap(readEnd),
    differs: (all('differs').at(-1) ?? '').split(' ').filter(Boolean),
    applied: has('applied'),
    state: readState(all('state').at(-1)),
    secondsLeft: whole(all('left').at(-1)),
    watchdogAlive: watchdog === undefined ? undefined : watchdog.trim() === 'alive',
    bootFailed: all('boot-failed').map(readText).at(-1),
    bootId: all('boot').at(-1)?.trim(),
    leftovers: [
      ...all('finished').map((text) => ({ run: firstWord(text), how: 'finished' as const })),
      ...all('broke').map((text) => ({ run: firstWord(text), how: 'broke' as const })),
    ],
    asked: has('ask'),
    done: has('done'),
  };
}

function readRefusal(text: string): Refusal {
  const [word = '', ...rest] = text.trim().split(' ');
  if (word === 'locked') return { kind: 'locked', by: readHolder(rest.join(' ')) };
  if (word === 'stale') return { kind: 'stale', tasks: rest };
  if (word === 'watchdog-did-not-start') return { kind: 'no-watchdog' };
  if (word === 'cannot-answer') return { kind: 'cannot-answer' };
  if (word === 'settled') return { kind: 'settled', run: rest[0] ?? '', state: guardStateOf(rest[1]) };
  return { kind: 'cannot-write', why: rest.join(' ') };
}

function readHolder(text: string): LockHolder {
  const fields = new Map(
    text.split(';').map((field) => [field.split(' ')[0] ?? '', field.split(' ').slice(1).join(' ')]),
  );
  return {
    run: fields.get('run') ?? 'unknown',
    owner: fields.get('owner') ?? 'unknown',
    sinceEpochSeconds: whole(fields.get('since')) ?? 0,
    secondsLeft: whole(fields.get('left')) ?? null,
    life: fields.get('life') === 'dead' ? 'dead' : 'alive',
  };
}

/** A line without an exit code was cut off or forged: it ends nothing. */
function readEnd(text: string): readonly StepEnd[] {
  const [task = '', digits, ...said] = text.split(' ');
  const code = whole(digits);
  return code === undefined ? [] : [{ task, code, said: readText(said.join(' ')) }];
}

/** Ten digits: a lock is a file on the host and may hold anything, dates of the year 300,000 included. */
function whole(digits: string | undefined): number | undefined {
  return /^\d{1,10}$/.test(digits?.trim() ?? '') ? Number(digits) : undefined;
}

function readText(text: string): string {
  return text.replaceAll('\u001f', '\n').trim();
}

function readState(text: string | undefined): GuardState | 'gone' | undefined {
  const word = text?.trim();
  return word === 'gone' ? 'gone' : guardStateOf(word);
}

function guardStateOf(word: string | undefined): GuardState | undefined {
  return guardStates.find((state) => state === word);
}

function firstWord(text: string): string {
  return text.trim().split(' ')[0] ?? '';
}
