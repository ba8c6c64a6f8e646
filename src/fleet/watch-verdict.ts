/**
 * The decisions of a watch, round by round: two rounds that a majority misses are one decision; one gateway at a time
 * may be failed over, and only while another one carries. A webserver that is away or reaches nothing has no vote;
 * where all reach nothing, that is told of every gateway and nobody is moved for it.
 */
import { namesOf, type Sight, type Vote, votesOf } from './watch-vote.ts';

export interface Standing {
  readonly state: 'up' | 'down';
  /** Rounds in a row that say the contrary. */
  readonly contrary: number;
}

export type Fitness = 'well' | 'unreachable' | 'broken';

export interface WatchState {
  readonly gateways: ReadonlyMap<string, Standing>;
  readonly webservers: ReadonlyMap<string, { readonly is: Fitness; readonly contrary: number }>;
  /** Decided to be down, and not yet failed over. */
  readonly due?: string;
}

export type News =
  | {
      readonly type: 'gateway';
      readonly gateway: string;
      readonly carries: boolean;
      readonly by: readonly string[];
    }
  | {
      readonly type: 'webserver';
      readonly webserver: string;
      readonly is: Fitness;
      readonly why: string;
    }
  /** It may be failed over now. */
  | { readonly type: 'due'; readonly gateway: string }
  /** It is not failed over without a word, because these are down, too. */
  | { readonly type: 'held'; readonly gateway: string; readonly beside: readonly string[] };

/** A miss may be chance, and so may an answer. */
const roundsToDecide = 2;

export function firstState(watchers: ReadonlyMap<string, readonly string[]>): WatchState {
  const webservers = new Set([...watchers.values()].flat());
  return {
    gateways: new Map([...watchers.keys()].map((name) => [name, { state: 'up', contrary: 0 }])),
    webservers: new Map([...webservers].map((name) => [name, { is: 'well', contrary: 0 }])),
  };
}

export interface Verdict {
  readonly state: WatchState;
  readonly news: readonly News[];
  /** What this round says of each gateway, decided or not. */
  readonly counts: ReadonlyMap<string, VoteCount>;
}

/** What one round changes. `watchers`: gateway -> whose votes count. */
export function judge(
  before: WatchState,
  sights: ReadonlyMap<string, Sight>,
  watchers: ReadonlyMap<string, readonly string[]>,
): Verdict {
  const witnessed = witnessedProbes(sights, watchers);
  const votes = new Map([...sights].map(([name, sight]) => [name, votesOf(sight, witnessed)]));
  const isBlind = reachNothing(votes, sights.size);
  const counts = new Map(
    [...watchers].map(([gateway, names]) => [gateway, countOf(gateway, names, { votes, isBlind })]),
  );
  const gateways = new Map(
    [...before.gateways].map(([name, standing]) => [name, stepped(standing, counts.get(name))]),
  );
  const webservers = new Map(
    [...before.webservers].map(([name, was]) => [
      name,
      fitter(was, fitnessOf(sights.get(name), votes.get(name))),
    ]),
  );
  const changed = [...gateways].filter(([name, { state }]) => before.gateways.get(name)?.state !== state);
  const news: News[] = [
    ...webserverNews(before, webservers, sights),
    ...changed.map(([gateway, { state }]): News => {
      const carries = state === 'up';
      const count = counts.get(gateway);
      return { type: 'gateway', gateway, carries, by: (carries ? count?.carrying : count?.missing) ?? [] };
    }),
  ];
  const { due, news: dueNews } = dueAfter({ before, gateways, counts, isBlind });
  return {
    state: { gateways, webservers, ...(due === undefined ? {} : { due }) },
    news: [...news, ...dueNews],
    counts,
  };
}

/** What gateways that look themselves reach: they stand by for a twin. */
function witnessedProbes(
  sights: ReadonlyMap<string, Sight>,
  watchers: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const own = [...watchers.keys()].map((gateway) => sights.get(gateway));
  return new Set(
    own.flatMap((sight) =>
      sight?.kind === 'saw' ? [...sight.through.values()].flatMap((answers) => namesOf(answers, true)) : [],
    ),
  );
}

export interface VoteCount {
  readonly says: 'up' | 'down' | 'maybe down' | 'nothing';
  readonly carrying: readonly string[];
  readonly missing: readonly string[];
}

type Votes = ReadonlyMap<string, ReadonlyMap<string, Vote>>;

/** All who answer reach nothing: no single broken webserver, where there are two. */
function reachNothing(votes: Votes, asked: number): boolean {
  const answering = [...votes.values()].filter((own) => own.size > 0);
  const all = answering.every((own) => [...own.values()].every((vote) => vote === 'nothing'));
  return all && answering.length >= Math.min(2, asked) && answering.length > 0;
}

function countOf(
  gateway: string,
  watchers: readonly string[],
  { votes, isBlind }: { readonly votes: Votes; readonly isBlind: boolean },
): VoteCount {
  const voting = (...wanted: readonly (Vote | undefined)[]): readonly string[] =>
    watchers.filter(
      (name) => wanted.includes(votes.get(name)?.get(gateway) ?? undefined) && votes.get(name)?.has(gateway),
    );
  const carrying = voting('carries');
  const missing = isBlind ? voting('nothing') : voting('misses');
  const doubting = voting('suspects');
  const voters = carrying.length + missing.length + doubting.length;
  const need = Math.min(2, watchers.length);
  const isMajority = (names: number): boolean => names >= need && names * 2 > voters;
  if (isMajority(missing.length)) return { says: 'down', carrying, missing };
  if (isMajority(missing.length + doubting.length)) return { says: 'maybe down', carrying, missing };
  return { says: carrying.length * 2 > voters ? 'up' : 'nothing', carrying, missing };
}

/** A round in which nobody can say leaves it as it was. */
function stepped({ state, contrary }: Standing, count: VoteCount | undefined): Standing {
  const says = count?.says ?? 'nothing';
  if (says === 'nothing') return { state, contrary };
  if ((says === 'up') === (state === 'up')) return { state, contrary: 0 };
  const isDecided = contrary + 1 >= roundsToDecide && says !== 'maybe down';
  return isDecided
    ? { state: says === 'up' ? 'up' : 'down', contrary: 0 }
    : { state, contrary: contrary + 1 };
}

function fitnessOf(
  sight: Sight | undefined,
  own: ReadonlyMap<string, Vote> | undefined,
): Fitness | undefined {
  if (sight === undefined || sight.kind === 'absent') return 'unreachable';
  const votes = [...(own?.values() ?? [])];
  if (votes.includes('suspects')) return undefined;
  return votes.includes('nothing') ? 'broken' : 'well';
}

function fitter(
  was: { readonly is: Fitness; readonly contrary: number },
  seen: Fitness | undefined,
): { readonly is: Fitness; readonly contrary: number } {
  if (seen === undefined) return was;
  if (seen === was.is) return { is: seen, contrary: 0 };
  return was.contrary + 1 >= roundsToDecide
    ? { is: seen, contrary: 0 }
    : { is: was.is, contrary: was.contrary + 1 };
}

function webserverNews(
  before: WatchState,
  now: WatchState['webservers'],
  sights: ReadonlyMap<string, Sight>,
): readonly News[] {
  return [...now].flatMap(([webserver, { is }]): readonly News[] => {
    if (before.webservers.get(webserver)?.is === is) return [];
    const sight = sights.get(webserver);
    return [{ type: 'webserver', webserver, is, why: sight?.kind === 'absent' ? sight.why : '' }];
  });
}

interface Ground {
  readonly before: WatchState;
  readonly gateways: WatchState['gateways'];
  readonly counts: ReadonlyMap<string, VoteCount>;
  readonly isBlind: boolean;
}

function dueAfter({ before, gateways, counts, isBlind }: Ground): {
  readonly due: string | undefined;
  readonly news: readonly News[];
} {
  const down = [...gateways].flatMap(([name, { state }]) => (state === 'down' ? [name] : []));
  const fresh = down.filter((name) => before.gateways.get(name)?.state === 'up');
  const waiting = down.filter((name) => name === before.due || fresh.includes(name));
  const [due, ...more] = waiting;
  if (due === undefined) return { due: undefined, news: [] };
  if (down.length > 1 || more.length > 0) {
    const held = waiting.map((gateway): News => {
      return { type: 'held', gateway, beside: down.filter((name) => name !== gateway) };
    });
    return { due: undefined, news: held };
  }
  const others = [...gateways].filter(([name]) => name !== due);
  const isQuiet = others.every(([, { contrary }]) => contrary === 0);
  const isSafe = others.some(([name]) => counts.get(name)?.says === 'up');
  if (isBlind || !isQuiet || !isSafe) return { due, news: [] };
  return { due: undefined, news: [{ type: 'due', gateway: due }] };
}
