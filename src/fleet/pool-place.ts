/**
 * Pool addresses against the subnet of the external interface: known only when the host was looked at. Each is a
 * warning, never an error: such addresses work when the upstream routes them to the gateway.
 */
import { contains, networkOf, parseAddress } from '../address/ipv4.ts';

export interface InterfaceSubnet {
  /** The interface's primary address and its prefix length. */
  readonly address: string;
  readonly prefix: number;
}

/** Warnings as sentences, by kind: network address, broadcast address, outside of the subnet. */
export function poolPlaceWarnings(
  pool: readonly string[],
  { address, prefix }: InterfaceSubnet,
): readonly string[] {
  const own = parseAddress(address);
  if (own === undefined) return [];
  const subnet = networkOf(own, prefix);
  const name = `${address}/${prefix}`;
  const routed = 'right only when it is routed to this gateway upstream';
  const numbers = new Map(pool.map((one) => [one, parseAddress(one) ?? -1]));
  const outside = pool.filter((one) => !contains(subnet, numbers.get(one) ?? -1));
  // A /31 has two hosts and no broadcast (RFC 3021), a /32 is alone.
  const ends = prefix >= 31 ? [] : pool;
  return [
    ...ends
      .filter((one) => numbers.get(one) === subnet.first)
      .map((one) => `${one} is the network address of ${name}: ${routed}`),
    ...ends
      .filter((one) => numbers.get(one) === subnet.last)
      .map((one) => `${one} is the broadcast address of ${name}: ${routed}`),
    ...(outside.length === 0 ? [] : [`${listed(outside)} outside of ${name}: ${routed}`]),
  ];
}

function listed(addresses: readonly string[]): string {
  const [first = '', second] = addresses;
  return second === undefined ? `${first} is` : `${first} and ${addresses.length - 1} more are`;
}
