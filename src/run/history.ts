/**
 * The folder of a run under the XDG state directory: who did what with which words (run.json), the plan and the tasks
 * that look (plan.json), and every event as one JSON line, written before the next one can happen, so that it survives
 * a kill -9 at any moment. Folders 0700, files 0600. Everything that is kept of a run is written here.
 */
import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../report/event.ts';
import { safeJson } from '../report/safe-json.ts';
import type { ProcessMark } from './process-mark.ts';

/** What a later process needs to know of a run that is not in its events. Nothing of how to log in. */
export interface RunRecord {
  readonly v: 1;
  readonly run: string;
  /** As it was typed, without arguments: `apply`, `gateway drain`. */
  readonly command: string;
  /** The arguments of the command as it would be typed again, and its flags as they were understood. */
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  readonly cwd: string;
  /** Absolute; `inventoryFile` with symbolic links followed: what the lock is taken on. */
  readonly inventory: string;
  readonly inventoryFile: string;
  readonly hosts: readonly string[];
  readonly owner: string;
  readonly startedAt: string;
  readonly process: ProcessMark;
  /** The run that this one carries on or takes back. */
  readonly of?: string;
}

export interface RunHistory {
  readonly folder: string;
  event(event: RunEvent): void;
  /** The text of a saved plan. */
  plan(text: string): void;
}

/** `$XDG_STATE_HOME/gwfleet`; a relative value is ignored, as the XDG specification says. */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state, HOME: home = '/root' } = environment;
  return join(state?.startsWith('/') === true ? state : join(home, '.local', 'state'), 'gwfleet');
}

export function runFolder(state: string, run: string): string {
  return join(state, 'runs', run);
}

/** Throws when the folder cannot be made: a run that cannot be remembered must not begin. */
export function openHistory(state: string, record: RunRecord): RunHistory {
  const folder = runFolder(state, record.run);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeWhole(join(folder, 'run.json'), JSON.stringify(record, null, 1));
  return historyIn(folder);
}

/** The folder of an earlier run, to write down what was found out about it. Half a last line is ended first. */
export function reopenHistory(state: string, run: string): RunHistory {
  const folder = runFolder(state, run);
  endLine(join(folder, 'events.jsonl'));
  return historyIn(folder);
}

/** Sorts by time: `20261122-214007-7f3a`. */
export function runId(now: Date, random: string): string {
  const digits = now.toISOString().replaceAll(/[-:T]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${random.slice(0, 4)}`;
}

function historyIn(folder: string): RunHistory {
  // Opened once and by the first event: a run of many hosts has thousands.
  let journal: number | undefined;
  return {
    folder,
    event: (event) => {
      journal ??= openSync(join(folder, 'events.jsonl'), 'a', 0o600);
      appendFileSync(journal, `${safeJson(event)}\n`);
    },
    plan: (text) => writeWhole(join(folder, 'plan.json'), text),
  };
}

function append(file: string, text: string): void {
  appendFileSync(file, text, { mode: 0o600 });
}

/** A reader never finds half of it. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function endLine(file: string): void {
  let last = '\n';
  try {
    const handle = openSync(file, 'r');
    const { size } = fstatSync(handle);
    const byte = Buffer.alloc(1);
    if (size > 0 && readSync(handle, byte, 0, 1, size - 1) === 1) last = byte.toString('latin1');
    closeSync(handle);
  } catch {
    return;
  }
  if (last !== '\n') append(file, '\n');
}
