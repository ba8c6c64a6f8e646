/**
 * A drain as a value: where connections from before stay, where each move since then sends new ones, and in which
 * bits of the packet mark that is kept. What a reader gets wrong: a generation is never used twice while its
 * connections may live, because conntrack entries keep the mark of an earlier drain.
 */
import { partsOf } from './state.ts';

// Not interfaces: only type aliases are assignable to Json.
export type Generation = Readonly<{
  /** 1 to 254: the value of the mark's eight bits. 255 means "from before the first move". */
  number: number;
  route: string;
}>;

export type DrainPolicy = Readonly<{
  deadlineSeconds: number;
  /** The users' word: what becomes of connections that are still there at the deadline. */
  atDeadline: 'leave' | 'cut';
}>;

export type Drain = DrainPolicy &
  Readonly<{
    old: string;
    /** In the order of the moves; new connections belong to the last. */
    generations: readonly Generation[];
    /** The lowest of the eight bits. */
    shift: number;
    /** Seconds of the host's own uptime; null: the moment of the apply. */
    began: number | null;
  }>;

/** What is left of a drain that is not whole: half made, or half taken away by somebody. */
export type DrainRemains = Readonly<{ remains: readonly string[] }>;

export const oldMark = 0xff;
const mostGenerations = 254;

/** Preference and table of what is old; a generation has this plus its number. */
export const oldTable = 7701;
/** Everything more special than a default route is looked up here first and never drained. */
export const specialPreference = 7700;
export const lastTable = oldTable + mostGenerations;

export const drainChain = 'GWFLEET-DRAIN';

/**
 * User ids of looks through one gateway (tasks/through.ts), which go by a rule for their user id. They never come into
 * the chain: a new mark would have them routed again, and the kernel asks for no user id then.
 */
export const lookUsers = '77600-77689';

/** Bits 16 to 23 as long as nobody else uses them. */
const shifts = [16, 24, 8] as const;

export function isDrain(drain: Drain | DrainRemains | null | undefined): drain is Drain {
  return drain != null && !('remains' in drain);
}

/** `0x10000/0xff0000`. */
export function markOf(shift: number, value: number): string {
  return `0x${(value * 2 ** shift).toString(16)}/0x${(0xff * 2 ** shift).toString(16)}`;
}

/** Eight bits that none of the foreign masks touches, or undefined. */
export function freeShift(foreignMasks: readonly number[]): number | undefined {
  return shifts.find((shift) =>
    foreignMasks.every((mask) => Math.floor(mask / 2 ** shift) % 256 === 0 || mask === 0),
  );
}

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly policy: DrainPolicy;
  readonly shift: number;
  /** The last generation that was given out on this host. */
  readonly lastGeneration: number;
}

/** The drain after one more move: a first one, or a further generation of the one that is there. */
export function movedDrain(seen: Drain | undefined, move: Move): Drain | undefined {
  const taken = new Set((seen?.generations ?? []).map(({ number }) => number));
  if (taken.size >= mostGenerations) return undefined;
  let number = move.lastGeneration;
  do number = (number % mostGenerations) + 1;
  while (taken.has(number));
  return {
    ...move.policy,
    old: seen?.old ?? move.from,
    generations: [...(seen?.generations ?? []), { number, route: move.to }],
    shift: seen?.shift ?? move.shift,
    began: null,
  };
}

/** Next hops that still carry connections which are not to be there any more. */
export function leftGateways({ old, generations }: Drain): readonly string[] {
  const now = partsOf(generations.at(-1)?.route ?? old).via;
  const routes = [old, ...generations.map(({ route }) => route)];
  const hops = routes.flatMap((route) => hopsOf(route));
  return [...new Set(hops)].filter((via) => via !== now);
}

/** Interfaces by which packets come back from the gateways: they are never marked on the way in. */
export function drainInterfaces({ old, generations }: Drain): readonly string[] {
  const routes = [old, ...generations.map(({ route }) => route)];
  return [...new Set(routes.flatMap((route) => devicesOf(route)))].toSorted();
}

/** Equal but for the moment when it began. */
export function sameDrain(one: Drain | DrainRemains | null, other: Drain | DrainRemains | null): boolean {
  const text = (drain: Drain | DrainRemains | null): string =>
    JSON.stringify(isDrain(drain) ? { ...drain, began: null } : drain, sorted);
  return text(one) === text(other);
}

/** `10.0.0.1 -> 10.0.0.2` */
export function drainText({ old, generations }: Drain): string {
  return [old, ...generations.map(({ route }) => route)].map(hopText).join(' -> ');
}

export function hopText(route: string): string {
  const { via, device } = partsOf(route);
  return via ?? device ?? route;
}

function hopsOf(route: string): readonly string[] {
  const { via, rest } = partsOf(route);
  return via === null ? after(rest, 'via') : [via];
}

function devicesOf(route: string): readonly string[] {
  const { device, rest } = partsOf(route);
  return device === null ? after(rest, 'dev') : [device];
}

function after(words: readonly string[], key: string): readonly string[] {
  return words.filter((_, i) => words[i - 1] === key);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
