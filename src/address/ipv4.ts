/**
 * IPv4 addresses as people write them, strictly: four decimal numbers without leading zeros. `10.1` and
 * `010.0.0.1` mean other addresses to other programs, so they are mistakes here.
 */

const strictDecimal = /^(?:0|[1-9]\d{0,2})$/;

/** The address as an unsigned 32-bit number, or undefined when the text is not one strict IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => strictDecimal.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** `203.0.113.10` from the number. */
export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');
}

/** A network in CIDR form. `first` is its network address, `last` its broadcast address. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** The network that `A.B.C.D/N` lies in (host bits may be set), or undefined when it is not strict CIDR. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', bits = '', ...more] = text.split('/');
  const value = parseAddress(address);
  if (value === undefined || more.length > 0 || !/^(?:\d|[12]\d|3[0-2])$/.test(bits)) return undefined;
  return networkOf(value, Number(bits));
}

/** The network of an address with the given prefix length (0 to 32). */
export function networkOf(address: number, prefix: number): Network {
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix };
}

export function contains(network: Network, address: number): boolean {
  return network.first <= address && address <= network.last;
}

/** `10.0.0.0/8` from the network. */
export function formatNetwork(network: Network): string {
  return `${formatAddress(network.first)}/${network.prefix}`;
}
