/** What `@...` in --limit stands for: a file with an element a line, or the hosts of the last run that failed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../report/event.ts';
import { emptyRunState, reduce } from '../report/run-state.ts';
import { stateFolder } from '../run/history.ts';
import { diskFiles } from './disk-files.ts';

type Reference =
  | { readonly elements: readonly string[] }
  | { readonly problem: string; readonly hint?: string };

export function limitReference(reference: string): Reference {
  if (reference === 'last:failed') return lastFailed();
  const reading = diskFiles.read(reference);
  if (reading.kind !== 'text') return { problem: `cannot read ${reference}: ${reading.kind}` };
  const elements = reading.text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean);
  return elements.length > 0 ? { elements } : { problem: `${reference} names no host` };
}

function lastFailed(): Reference {
  const folder = join(stateFolder(process.env), 'runs');
  const last = runsIn(folder).at(-1);
  if (last === undefined) return { problem: 'there is no earlier run', hint: `runs are kept in ${folder}` };
  const state = eventsIn(join(folder, last, 'events.jsonl')).reduce(reduce, emptyRunState);
  const failed = [...state.hosts.values()].filter(({ result }) => result !== 'ok' && result !== 'changed');
  return failed.length > 0
    ? { elements: failed.map(({ host }) => host) }
    : { problem: `no host failed in run ${last}` };
}

/** A run that was killed may have left half a line at the end. */
function eventsIn(file: string): readonly RunEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').flatMap(readEvent);
}

function readEvent(line: string): readonly RunEvent[] {
  try {
    return [JSON.parse(line) as RunEvent];
  } catch {
    return [];
  }
}

function runsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d{8}-/.test(name))
      .sort();
  } catch {
    return [];
  }
}
