/**
 * What a watch remembers of each gateway to show it: since when it is what it is, what the last rounds said, and who
 * voted. The decisions are `fleet/watch-verdict`'s; nothing here decides.
 */
import type { Verdict, VoteCount, WatchState } from '../../fleet/watch-verdict.ts';

export interface WatchStory {
  readonly startedMs: number;
  readonly rounds: number;
  /** In the order of the inventory. */
  readonly gateways: readonly GatewayStory[];
  readonly webservers: WatchState['webservers'];
}

export interface GatewayStory {
  readonly name: string;
  /** It has no addresses of its own now and looks itself. */
  readonly standsBy: boolean;
  /** Webservers that the inventory sends through it. */
  readonly carried: number;
  readonly watchers: readonly string[];
  readonly state: 'up' | 'down';
  /** The last round said the contrary. */
  readonly isDoubted: boolean;
  readonly sinceMs: number;
  readonly count: VoteCount | undefined;
  /** One a round, the newest last. */
  readonly looks: readonly VoteCount['says'][];
}

export interface Watching {
  /** Gateway -> who looks through it. */
  readonly watchers: ReadonlyMap<string, readonly string[]>;
  /** Gateway -> webservers that leave through it. */
  readonly carried: ReadonlyMap<string, number>;
}

/** As many as the widest strip shows. */
const looksKept = 60;

/** A watch begins, or begins again because others are to be looked through: what was seen is kept. */
export function begunStory(
  before: WatchStory | undefined,
  { watchers, carried }: Watching,
  nowMs: number,
): WatchStory {
  const known = new Map(before?.gateways.map((gateway) => [gateway.name, gateway]));
  return {
    startedMs: before?.startedMs ?? nowMs,
    rounds: before?.rounds ?? 0,
    webservers: before?.webservers ?? new Map(),
    gateways: [...watchers].map(([name, names]): GatewayStory => {
      const fresh = { state: 'up', isDoubted: false, sinceMs: nowMs, count: undefined, looks: [] } as const;
      const standsBy = names[0] === name;
      return {
        ...fresh,
        ...known.get(name),
        name,
        standsBy,
        watchers: names,
        carried: carried.get(name) ?? 0,
      };
    }),
  };
}

export function storyAfter(story: WatchStory, { state, counts }: Verdict, nowMs: number): WatchStory {
  return {
    ...story,
    rounds: story.rounds + 1,
    webservers: state.webservers,
    gateways: story.gateways.map((gateway) => {
      const standing = state.gateways.get(gateway.name);
      const count = counts.get(gateway.name);
      const now = standing?.state ?? gateway.state;
      return {
        ...gateway,
        state: now,
        isDoubted: (standing?.contrary ?? 0) > 0,
        sinceMs: now === gateway.state ? gateway.sinceMs : nowMs,
        count,
        looks: [...gateway.looks, count?.says ?? 'nothing'].slice(-looksKept),
      };
    }),
  };
}
