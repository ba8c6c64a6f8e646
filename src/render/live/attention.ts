/**
 * Which hosts get a row when there are too many for a row each: first those whose guard runs out soonest, then the
 * failures, the newest first, then those that are at it longest. Once somebody moves the cursor: the hosts around it.
 */
import { isBad } from '../../report/host-state.ts';
import type { HostState, RunState } from '../../report/run-state.ts';
import { isAtWork } from '../../report/standing.ts';
import { guardLeftMs } from './host-row.ts';
import type { Choice, LiveView } from './view.ts';

/** A guard that has this long left is nothing to look at yet. */
const calmMs = 20_000;

export function attention({ state, nowMs }: LiveView, rows: number): readonly HostState[] {
  const hosts = [...state.hosts.values()];
  const left = (host: HostState): number => guardLeftMs(host, nowMs) ?? Number.POSITIVE_INFINITY;
  const urgent = hosts.filter((host) => left(host) < calmMs).sort((one, two) => left(one) - left(two));
  const failures = hosts.filter(hasFailed).sort((one, two) => latest(two).localeCompare(latest(one)));
  const working = hosts
    .filter((host) => isAtWork(host) && left(host) >= calmMs)
    .sort((one, two) => (one.startedAt ?? '').localeCompare(two.startedAt ?? ''));
  return [...urgent, ...failures, ...working].slice(0, Math.max(0, rows));
}

/** The hosts that the cursor moves over. */
export function listed({ hosts }: RunState, { only }: Choice): readonly HostState[] {
  const all = [...hosts.values()];
  return only === 'failures' ? all.filter(hasFailed) : all;
}

/** A window of the list in which the cursor is. */
export function around(
  hosts: readonly HostState[],
  cursor: string | undefined,
  rows: number,
): readonly HostState[] {
  const at = Math.max(
    0,
    hosts.findIndex(({ host }) => host === cursor),
  );
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), hosts.length - rows));
  return hosts.slice(first, first + Math.max(0, rows));
}

function hasFailed(host: HostState): boolean {
  return host.result !== undefined && isBad(host.result) && !isAtWork(host);
}

function latest({ log }: HostState): string {
  return log.at(-1)?.at ?? '';
}
