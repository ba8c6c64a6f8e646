/**
 * IPv4 addresses as people write them, strictly: four decimal numbers without leading zeros. `10.1` and
 * `010.0.0.1` mean other addresses to other programs, so they are mistakes here.
 */

const byte = '(0|[1-9]\\d{0,2})';
const strict = new RegExp(`^${byte}\\.${byte}\\.${byte}\\.${byte}$`);

/** The address as an unsigned 32-bit number, or undefined when the text is not one strict IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const match = strict.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d] = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])];
  return a > 255 || b > 255 || c > 255 || d > 255 ? undefined : ((a * 256 + b) * 256 + c) * 256 + d;
}

/** `203.0.113.10` from the number. */
export function formatAddress(value: number): string {
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
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
