/**
 * What the aliases of an interface are, as plain JSON, and how `ip -o -4 addr` is read into it. A pool address
 * counts wherever it is on the host; the interface's primary is nobody's alias even when it is in the pool.
 */
import { parseAddress } from '../../address/ipv4.ts';

/** One address as the kernel holds it. */
// Not an interface: only type aliases are assignable to Json.
export type HostAddress = Readonly<{
  interface: string;
  address: string;
  prefix: number;
  broadcast: string | null;
  label: string;
  secondary: boolean;
  /** Set by NetworkManager: the kernel makes no route for the subnet. */
  noPrefixRoute: boolean;
}>;

export type Primary = Readonly<{
  address: string;
  prefix: number;
  broadcast: string | null;
  label: string;
}>;

export type AliasesState = Readonly<{
  interface: string;
  /** Not ours: the measure for prefix and broadcast. Null when the interface has no address. */
  primary: Primary | null;
  /** Ours: pool addresses anywhere but the primary, and what is labelled as an alias while rules still lead to it. */
  addresses: readonly HostAddress[];
  /** Ours, not in the pool, and no rule leads to them any more: they wait for their last connection. */
  leaving: readonly HostAddress[];
  /** Live connections of addresses outside the pool, as seen; empty in what is wanted. Never compared. */
  live: Readonly<Record<string, number>>;
  /** Ours or not: addresses that a route names as its source; such a route goes with its address. */
  sources: readonly string[];
  /** Devices by which routes go that no address brought; such a route goes with the last address of its device. */
  carriers: readonly string[];
}>;

/** All that is ours on the host now, leaving or not. */
export function heldAddresses(state: AliasesState | null): readonly HostAddress[] {
  return [...(state?.addresses ?? []), ...(state?.leaving ?? [])];
}

/** The number in `eth1:7`, or undefined when the label is another one. */
export function labelNumber(label: string, device: string): number | undefined {
  if (!label.startsWith(`${device}:`)) return undefined;
  const digits = label.slice(device.length + 1);
  return /^(?:0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

/** Lines as the probe prints them: `eth1 inet 203.0.113.11/24 brd 203.0.113.255 scope global secondary eth1:0`. */
export function readAddress(line: string): HostAddress | undefined {
  const words = line.trim().split(/\s+/);
  const [device, family, cidr = '', ...rest] = words;
  const [address = '', bits = ''] = cidr.split('/');
  if (device === undefined || family !== 'inet' || parseAddress(address) === undefined) return undefined;
  if (!/^\d+$/.test(bits)) return undefined;
  return {
    interface: device,
    address,
    prefix: Number(bits),
    broadcast: rest[0] === 'brd' ? (rest[1] ?? null) : null,
    label: rest.at(-1) ?? device,
    secondary: rest.includes('secondary'),
    noPrefixRoute: rest.includes('noprefixroute'),
  };
}

/**
 * The address that the others lean on: the first that is first of its subnet. One that looks like an alias (its
 * label, or a pool address with /32) is taken only when there is no better one. Only which one is the very first
 * means something to the kernel; a rollback changes the order of the others, so they are taken by number.
 */
export function primaryOf(
  own: readonly HostAddress[],
  device: string,
  pool: ReadonlySet<string>,
): HostAddress | undefined {
  const [head, ...tail] = own.filter(({ secondary }) => !secondary);
  const firsts = head === undefined ? [] : [head, ...tail.toSorted(byNumber)];
  const plain = firsts.filter(({ label }) => labelNumber(label, device) === undefined);
  const solid = plain.find(({ address, prefix }) => prefix < 32 || !pool.has(address));
  return solid ?? plain[0] ?? firsts[0] ?? own[0];
}

/** One order for all: device, then those that must be added first, then number, then address. */
export function inOrder(addresses: readonly HostAddress[]): readonly HostAddress[] {
  const key = (one: HostAddress): readonly (string | number)[] => [
    one.interface,
    one.secondary ? 1 : 0,
    labelNumber(one.label, one.interface) ?? Number.MAX_SAFE_INTEGER,
    parseAddress(one.address) ?? 0,
    one.prefix,
  ];
  return addresses.toSorted((left, right) => compare(key(left), key(right)));
}

export function sameAddress(left: HostAddress, right: HostAddress): boolean {
  return (
    left.interface === right.interface &&
    left.address === right.address &&
    left.prefix === right.prefix &&
    left.broadcast === right.broadcast &&
    left.label === right.label &&
    left.noPrefixRoute === right.noPrefixRoute
  );
}

function byNumber(left: HostAddress, right: HostAddress): number {
  return (parseAddress(left.address) ?? 0) - (parseAddress(right.address) ?? 0) || left.prefix - right.prefix;
}

function compare(left: readonly (string | number)[], right: readonly (string | number)[]): number {
  for (const [i, a] of left.entries()) {
    const b = right[i] ?? 0;
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}
