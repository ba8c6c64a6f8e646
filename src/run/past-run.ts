/**
 * Runs of the past, read from their folders. A run that was killed may have left half a line at the end of its events:
 * that line did not happen. Folders that are no run's are passed over.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../report/event.ts';
import { emptyRunState, type RunState, reduce } from '../report/run-state.ts';
import { type RunRecord, runFolder } from './history.ts';
import { lifeOf } from './process-mark.ts';

export interface PastRun {
  readonly record: RunRecord;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
}

/** Ids of all runs, the newest first. An id tells the second; within it, the record tells who came first. */
export function pastRunIds(state: string): readonly string[] {
  const second = (run: string): string => run.slice(0, '20261122-214007'.length);
  const begun = (run: string): string => readRecord(state, run)?.startedAt ?? '';
  const later = (left: string, right: string): number =>
    compare(second(right), second(left)) || compare(begun(right), begun(left)) || compare(right, left);
  try {
    return readdirSync(join(state, 'runs'))
      .filter((name) => /^\d{8}-\d{6}-/.test(name))
      .toSorted(later);
  } catch {
    return [];
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Undefined when the folder holds no run that we can read. */
export function readRecord(state: string, run: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(runFolder(state, run), 'run.json'), 'utf8')) as RunRecord;
    return Array.isArray(record.hosts) && typeof record.inventoryFile === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

export function readPastRun(state: string, run: string): PastRun | undefined {
  const record = readRecord(state, run);
  if (record === undefined) return undefined;
  const events = readEvents(join(runFolder(state, run), 'events.jsonl'));
  return { record, events, state: events.reduce(reduce, emptyRunState) };
}

/** The runs of one inventory, the newest first, read one by one as they are asked for. */
export function* runsOf(state: string, inventoryFile: string): Generator<PastRun> {
  for (const run of pastRunIds(state)) {
    if (readRecord(state, run)?.inventoryFile !== inventoryFile) continue;
    const past = readPastRun(state, run);
    if (past !== undefined) yield past;
  }
}

/** A run without an end whose process is no more, and of which nobody has found out yet what became of it. */
export function isForsaken({ record, state }: PastRun): boolean {
  return state.finished === undefined && state.died === undefined && lifeOf(record.process) === 'dead';
}

function readEvents(file: string): readonly RunEvent[] {
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(readEvent);
  } catch {
    return [];
  }
}

function readEvent(line: string): readonly RunEvent[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as RunEvent];
  } catch {
    return [];
  }
}
