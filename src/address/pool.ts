/**
 * A pool as users write it (`A-B`, a CIDR, one address, or a list of these) and as gwfleet uses it: an ordered list
 * of single addresses. Order is meaning: it numbers the aliases.
 */
import { formatAddress, parseAddress, parseNetwork } from './ipv4.ts';

/** A pool of more addresses than this is a typing mistake (a /16 for a /26), not a gateway. */
export const poolLimit = 1024;

export type PoolSpec = string | readonly string[];

/** Either all addresses in order, or what is wrong with which part (`part` counts from 0 in a list). */
export type PoolReading =
  | { readonly addresses: readonly string[] }
  | { readonly problem: string; readonly part: number };

export function readPool(spec: PoolSpec): PoolReading {
  const parts = typeof spec === 'string' ? [spec] : spec;
  if (parts.length === 0) return { problem: 'a pool needs at least one address', part: 0 };
  const seen = new Set<string>();
  for (const [part, text] of parts.entries()) {
    const span = readSpan(text.trim());
    if (typeof span === 'string') return { problem: span, part };
    if (span.last - span.first >= poolLimit) {
      return {
        problem: `'${text}' has ${span.last - span.first + 1} addresses, a pool has at most ${poolLimit}`,
        part,
      };
    }
    for (let value = span.first; value <= span.last; value += 1) {
      const address = formatAddress(value);
      if (seen.has(address)) return { problem: `${address} is in the pool twice`, part };
      seen.add(address);
    }
  }
  if (seen.size > poolLimit)
    return { problem: `${seen.size} addresses, a pool has at most ${poolLimit}`, part: 0 };
  return { addresses: [...seen] };
}

/** Neighbouring addresses as ranges, in the given order: `[.10, .11, .13]` is `.10-.11` and `.13`. */
export function poolRanges(addresses: readonly string[]): readonly { first: string; last: string }[] {
  const ranges: { first: string; last: string }[] = [];
  for (const address of addresses) {
    const open = ranges.at(-1);
    if (open !== undefined && (parseAddress(open.last) ?? 0) + 1 === parseAddress(address))
      open.last = address;
    else ranges.push({ first: address, last: address });
  }
  return ranges;
}

function readSpan(text: string): { first: number; last: number } | string {
  const [left = '', right, ...more] = text.split('-').map((side) => side.trim());
  if (more.length > 0) return `'${text}' is not an address, a range A-B or a CIDR`;
  if (right === undefined && text.includes('/')) {
    return (
      parseNetwork(text) ??
      `'${text}' is not a network; write four numbers and a prefix length, like 203.0.113.16/29`
    );
  }
  const first = parseAddress(left);
  if (first === undefined) return notAnAddress(left);
  if (right === undefined) return { first, last: first };
  const last = parseAddress(right);
  if (last === undefined) return notAnAddress(right);
  return first <= last ? { first, last } : `the range '${text}' runs backwards`;
}

function notAnAddress(text: string): string {
  return `'${text}' is not an IPv4 address; write four numbers without leading zeros, like 203.0.113.10`;
}
