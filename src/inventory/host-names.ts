/**
 * The keys under `hosts:`: a name, a name with a port, or ranges of names, as Ansible takes them apart
 * (parsing/utils/addresses.py, plugins/inventory/__init__.py). What makes Ansible drop a whole file, and a range that
 * silently is no host, are problems here. A key that is no address at all is a host of that name.
 */

/** More hosts than this from one key is a typing mistake. */
const hostLimit = 65_536;

export type HostKey =
  | { readonly names: readonly string[]; readonly port?: number }
  | { readonly problem: string; readonly hint?: string };

export function readHostKey(key: string): HostKey {
  const { pattern, port } = splitPort(key);
  if (port !== undefined && (port < 1 || port > 65_535)) return { problem: `${port} is not a port` };
  const names = expand(pattern);
  if (typeof names === 'string') return { problem: `'${key}': ${names}`, hint: rangeHint };
  return port === undefined ? { names } : { names, port };
}

const rangeHint = 'ranges are [01:50], [1:9:2] with a stride, [a:f]; both ends are included';

function splitPort(key: string): { pattern: string; port?: number } {
  const inner = bracketed.exec(key) ?? undefined;
  const match = hostPort.exec(inner?.[1] ?? key) ?? inner;
  const address = match?.[1] ?? key;
  const hostname = isAscii.test(address) ? asciiHostname : anyHostname;
  // An address of IPv6 has two colons; a pattern that is not tried is not compiled.
  const isKnown =
    hostname.test(address) || ipv4.test(address) || (isLikeIpv6.test(address) && ipv6.test(address));
  if (!isKnown) return { pattern: key };
  return match === undefined ? { pattern: address } : { pattern: address, port: Number(match[2]) };
}

/** All names, the last range running fastest; or what is wrong with the range. */
function expand(pattern: string): string[] | string {
  const open = pattern.indexOf('[');
  if (open < 0) return [pattern];
  const close = pattern.indexOf(']', open);
  if (close < 0) return "a range begins with '[' and has no ']'";
  const steps = readRange(pattern.slice(open + 1, close));
  if (typeof steps === 'string') return steps;
  const rest = expand(pattern.slice(close + 1));
  if (typeof rest === 'string') return rest;
  if (steps.length * rest.length > hostLimit) return `${steps.length * rest.length} hosts in one key`;
  const head = pattern.slice(0, open);
  return steps.flatMap((step) => rest.map((tail) => `${head}${step}${tail}`));
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function readRange(text: string): string[] | string {
  const [begin = '', end = '', stride = '1', ...more] = text.split(':');
  if (!text.includes(':') || more.length > 0)
    return `the range [${text}] must be [begin:end] or [begin:end:stride]`;
  if (end === '') return `the range [${text}] has no end`;
  const first = begin === '' ? '0' : begin;
  if (!/^\d+$/.test(stride) || Number(stride) === 0) return `the stride '${stride}' is not a positive number`;
  if (first.length > 1 && first.startsWith('0') && first.length !== end.length) {
    return `the ends of [${text}] must have equally many digits`;
  }
  return (
    sequence(first, end, Number(stride)) ??
    `the range [${text}] must run upwards, over numbers or single letters`
  );
}

/** Undefined for what runs backwards, mixes letters and numbers, or is neither. */
function sequence(first: string, end: string, stride: number): string[] | undefined {
  const alphabetic =
    first.length === 1 && end.length === 1 && letters.includes(first) && letters.includes(end);
  if (!alphabetic && !(/^\d+$/.test(first) && /^\d+$/.test(end))) return undefined;
  const from = alphabetic ? letters.indexOf(first) : Number(first);
  const to = alphabetic ? letters.indexOf(end) : Number(end);
  const count = Math.floor((to - from) / stride) + 1;
  if (count < 1 || count > hostLimit) return undefined;
  const width = first.length > 1 && first.startsWith('0') ? first.length : 0;
  return Array.from({ length: count }, (_, index) => {
    const value = from + index * stride;
    return alphabetic ? letters.charAt(value) : String(value).padStart(width, '0');
  });
}

const bracketed = /^\[(.+)\]:(\d+)$/;
const hostPort = /^((?:[^:[\]]|\[[^\]]*\])*):(\d+)$/;

const numericRange = String.raw`\[\d+:\d+(?::\d+)?\]`;
const hexRange = String.raw`\[[0-9a-f]+:[0-9a-f]+(?::\d+)?\]`;
const wordRange = String.raw`\[(?:[a-z]:[a-z]|\d+:\d+)(?::\d+)?\]`;
const four = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${numericRange})`;
const six = `(?:[0-9a-f]{1,4}|${hexRange})`;
const labelOf = (letter: string): string =>
  `(?:[${letter}_]|${wordRange})(?:[${letter}_-]|${wordRange})*(?<![_-])`;
const hostnameOf = (label: string, flags: string): RegExp =>
  new RegExp(String.raw`^${label}(?:\.${label})*$`, flags);

const ipv4 = new RegExp(String.raw`^(?:${four}\.){3}${four}$`, 'i');
/** The letters of the world take 10 ms to compile, so those of ASCII stand on their own. */
const isAscii = /^[ -~]*$/;
const asciiHostname = hostnameOf(labelOf('a-z0-9'), 'i');
const anyHostname = hostnameOf(labelOf(String.raw`\p{L}\p{N}`), 'iu');
const isLikeIpv6 = /:.*:/;
const ipv6 = new RegExp(
  [
    `^(?:${six}:){7}${six}$`,
    `^(?:${six}:){1,6}:$`,
    ...[1, 2, 3, 4, 5, 6].map((head) => `^(?:${six}:){${head}}(?::${six}){1,${7 - head}}$`),
    `^:(?::${six}){1,6}$`,
    `^${six}?::$`,
    String.raw`^::(?:ffff:)?(?:${six}\.){3}${six}$`,
  ].join('|'),
  'i',
);
