/**
 * What is left of a run of the past: the changes that stand, play by play, and the hosts that it did not bring to
 * their end. Both are read from its journal; hosts are asked again before anything is done with the answer.
 */
import type { Plan } from '../plan/plan.ts';
import type { RunEvent } from '../report/event.ts';
import type { PastRun } from './past-run.ts';

/** By index of the play: the hosts on which its change was confirmed and was not taken back by the same run. */
export function standingChanges({
  events,
  record,
}: Pick<PastRun, 'events' | 'record'>): ReadonlyMap<number, ReadonlySet<string>> {
  const standing = new Map<number, Set<string>>();
  const guards = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'host-started') guards.set(event.host, event.guard ?? '');
    if (event.type !== 'host-finished') continue;
    const index = playIndex(guards.get(event.host), record.run);
    if (index === undefined) continue;
    const hosts = standing.get(index) ?? new Set();
    if (event.back !== true && event.result === 'changed') hosts.add(event.host);
    if (event.back === true && event.result === 'rolled-back') hosts.delete(event.host);
    standing.set(index, hosts);
  }
  return standing;
}

/** From the id of a guard, `RUN.3` or `RUN.u3`: 2. */
export function playIndex(guard: string | undefined, run: string): number | undefined {
  const digits =
    guard?.startsWith(`${run}.`) === true ? /^u?(\d+)$/.exec(guard.slice(run.length + 1))?.[1] : '';
  return digits === undefined || digits === '' ? undefined : Number(digits) - 1;
}

/** Hosts of which not every play ended well: failed, rolled back, unreachable, never reached, never begun. */
function unfinishedHosts({ events, record }: PastRun, plan: Plan | undefined): readonly string[] {
  const ends = new Map<string, { plays: number; well: boolean }>();
  for (const event of events) {
    if (event.type !== 'host-finished') continue;
    const before = ends.get(event.host) ?? { plays: 0, well: true };
    ends.set(event.host, { plays: before.plays + 1, well: before.well && isWell(event) });
  }
  const wanted = new Map<string, number>();
  for (const { batches } of plan?.plays ?? [])
    for (const host of new Set(batches.flat())) wanted.set(host, (wanted.get(host) ?? 0) + 1);
  return record.hosts.filter((host) => {
    const end = ends.get(host);
    return end === undefined || end.plays < (wanted.get(host) ?? 0) || !end.well;
  });
}

/** What a run left to do: those hosts; or all of them where it was cut off beside its hosts, in a drain for example. */
export function hostsLeft(past: PastRun, plan: Plan | undefined): readonly string[] {
  const hosts = unfinishedHosts(past, plan);
  return hosts.length > 0 || past.state.finished?.exit === 0 ? hosts : past.record.hosts;
}

function isWell(event: RunEvent): boolean {
  return event.type === 'host-finished' && event.back !== true && /^(?:ok|changed)$/.test(event.result);
}
