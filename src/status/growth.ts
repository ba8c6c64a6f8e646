/**
 * What counters grew by since the last look. They begin again at zero when a host is rebooted, and a counter of the
 * kernel is 32 bits wide: neither may read as a growth of billions.
 */
import { type CounterName, type Counters, counterNames } from './seen.ts';

/** What is kept of one look at a gateway. */
export interface Remembered {
  readonly at: string;
  readonly bootId: string;
  readonly counters: Counters | null;
  readonly leaked: number | null;
  readonly unnatted: number | null;
}

/** By host name. */
export type LookMemory = Readonly<Record<string, Remembered>>;

export interface Growth {
  /** When the counters were seen before; null: never, or not since the host was started. */
  readonly since: string | null;
  readonly counters: Counters;
  readonly leaked: number;
}

const wrap = 2 ** 32;

export function growthSince(now: Remembered, before: Remembered | undefined): Growth {
  const same = before !== undefined && before.bootId === now.bootId ? before : undefined;
  const grown = (name: CounterName): number =>
    same?.counters == null || now.counters === null ? 0 : rise(now.counters[name], same.counters[name]);
  return {
    since: same?.at ?? null,
    counters: Object.fromEntries(counterNames.map((name) => [name, grown(name)])) as Record<
      CounterName,
      number
    >,
    // The guard is loaded anew with the rules: its counter begins again then.
    leaked: same?.leaked == null || now.leaked === null ? 0 : restarted(now.leaked, same.leaked),
  };
}

function rise(now: number, before: number): number {
  if (now >= before) return now - before;
  const wrapped = now + wrap - before;
  return wrapped < wrap / 2 ? wrapped : now;
}

function restarted(now: number, before: number): number {
  return now >= before ? now - before : now;
}
