/**
 * The rounds of a watch: all webservers at once, waited for only so long, then one verdict. Looking is never stopped
 * by one webserver that hangs: its answer counts in the round in which it comes.
 */
import { firstState, judge, type Verdict } from '../fleet/watch-verdict.ts';
import type { Sight } from '../fleet/watch-vote.ts';
import { patienceMs, type WatchContext, type Watched, watchHost } from './watch-host.ts';

export interface WatchOrder {
  /** Gateway -> the webservers whose votes count for it. */
  readonly watchers: ReadonlyMap<string, readonly string[]>;
  /** Webserver -> what it may look through. */
  readonly watched: ReadonlyMap<string, readonly Watched[]>;
  readonly intervalMs: number;
  /** Before each round: resolves when it may begin. */
  readonly ready: () => Promise<void>;
  /** After each round. */
  readonly told: (verdict: Verdict) => void;
}

/** Until the context's stop; then nothing of it is left on any host. */
export async function watchRounds(order: WatchOrder, context: WatchContext): Promise<void> {
  const { watchers, watched, intervalMs, ready, told } = order;
  const hosts = [...watched].map(([name, own]) => watchHost(name, own, context));
  const waitMs = patienceMs([...watched.values()].flat());
  let state = firstState(watchers);
  let isFirst = true;
  while (!context.stop.aborted) {
    await ready();
    if (isAborted(context.stop)) break;
    const nextMs = context.nowMs() + intervalMs;
    const over = new AbortController();
    // Opening connections takes its time, and is no sign of anything.
    const late = context.sleep(isFirst ? 4 * waitMs : waitMs, over.signal);
    const sights = await Promise.all(
      hosts.map(async (host): Promise<[string, Sight]> => {
        const sight = await Promise.race([host.look(), late.then(() => tooLate)]);
        return [host.name, sight];
      }),
    );
    over.abort();
    if (isAborted(context.stop)) break;
    const verdict = judge(state, new Map(sights), watchers);
    ({ state } = verdict);
    isFirst = false;
    told(verdict);
    await context.sleep(Math.max(0, nextMs - context.nowMs()), context.stop);
  }
  await Promise.all(hosts.map(async (host) => host.close()));
}

const tooLate: Sight = { kind: 'absent', why: 'it does not answer' };

/** A call, because the compiler takes a signal that was not aborted once for one that never is. */
export function isAborted(stop: AbortSignal): boolean {
  return stop.aborted;
}
