/** Where all hosts are at one moment: what the summary line of the interface counts. */
import type { HostResult } from './event.ts';
import type { HostState } from './host-state.ts';
import type { RunState } from './run-state.ts';

/** The numbers add up to all hosts, always. */
export interface Standing {
  readonly results: Readonly<Record<HostResult, number>>;
  readonly running: number;
  readonly waiting: number;
}

/** A host that is at work in a later play counts as running, not as what it was before. */
export function standingOf({ hosts }: RunState): Standing {
  const results = { ok: 0, changed: 0, skipped: 0, unreachable: 0, failed: 0, 'rolled-back': 0, unknown: 0 };
  let [running, waiting] = [0, 0];
  for (const host of hosts.values()) {
    if (isAtWork(host)) running += 1;
    else if (host.result === undefined) waiting += 1;
    else results[host.result] += 1;
  }
  return { results, running, waiting };
}

export function isAtWork({ phase }: HostState): boolean {
  return phase === 'running' || phase === 'guarded';
}
