/** What `@...` in --limit stands for: a file with an element a line, or the hosts of the inventory's last run that failed. */
import type { HostState } from '../report/run-state.ts';
import { stateFolder } from '../run/history.ts';
import { runsOf } from '../run/past-run.ts';
import { diskFiles, realFile } from './disk-files.ts';

type Reference =
  | { readonly elements: readonly string[] }
  | { readonly problem: string; readonly hint?: string };

export function limitReference(inventory: string): (reference: string) => Reference {
  return (reference) => (reference === 'last:failed' ? lastFailed(inventory) : listedIn(reference));
}

function listedIn(reference: string): Reference {
  const reading = diskFiles.read(reference);
  if (reading.kind !== 'text') return { problem: `cannot read ${reference}: ${reading.kind}` };
  const elements = reading.text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean);
  return elements.length > 0 ? { elements } : { problem: `${reference} names no host` };
}

/** Runs that never came to a play (refused, not agreed to) say nothing about hosts. */
function lastFailed(inventory: string): Reference {
  const state = stateFolder(process.env);
  for (const past of runsOf(state, realFile(inventory))) {
    if (!past.events.some(({ type }) => type === 'play-started')) continue;
    const failed = [...past.state.hosts.values()].filter(isFailed);
    return failed.length > 0
      ? { elements: failed.map(({ host }) => host) }
      : { problem: `no host failed in run ${past.record.run}, the last one of this inventory` };
  }
  return { problem: 'there is no earlier run of this inventory', hint: `runs are kept in ${state}/runs` };
}

/** A host that was begun and has no result is one of a run that died. */
function isFailed({ result, phase }: HostState): boolean {
  if (result === undefined) return phase === 'running' || phase === 'guarded';
  return result === 'failed' || result === 'rolled-back' || result === 'unreachable' || result === 'unknown';
}
