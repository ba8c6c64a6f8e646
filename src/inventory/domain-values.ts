/**
 * What a schema cannot say about the variables of the domain: strict addresses (`10.1` and `010.0.0.1` are other
 * addresses to other programs), pools, ports, and which ways to spread need one contiguous range.
 */
import { parseAddress, parseNetwork } from '../address/ipv4.ts';
import { poolRanges, readPool } from '../address/pool.ts';
import { shownValue, type Value } from '../source/value.ts';

/** A mistake in a variable; `path` leads into its value. */
export interface ValueProblem {
  readonly variable: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

type Check = (value: Value) => readonly Omit<ValueProblem, 'variable'>[];

/** `values` fit the schema already. */
export function valueProblems(values: Readonly<Record<string, Value>>): readonly ValueProblem[] {
  const problems = Object.entries(checks).flatMap(([variable, check]) => {
    const value = values[variable];
    return value === undefined ? [] : check(value).map((problem) => ({ variable, ...problem }));
  });
  return problems.length > 0 ? problems : spreadProblems(values);
}

const checks: Readonly<Record<string, Check>> = {
  internal_network: (value) =>
    problemIf(parseNetwork(shownValue(value)) === undefined, [], notNetwork(value)),
  internal_address: (value) =>
    problemIf(parseAddress(shownValue(value)) === undefined, [], notAddress(value)),
  snat_pool: poolProblems,
  probes: (value) => items(value).flatMap(probeProblems),
  sticky: (value) => items(value).flatMap(stickyProblems),
};

function poolProblems(value: Value): ReturnType<Check> {
  const reading = readPool(value as string | readonly string[]);
  return 'problem' in reading
    ? [{ path: Array.isArray(value) ? [reading.part] : [], message: reading.problem }]
    : [];
}

function spreadProblems(values: Readonly<Record<string, Value>>): readonly ValueProblem[] {
  const { spread, snat_pool: pool } = values;
  if ((spread !== 'client' && spread !== 'range') || pool === undefined) return [];
  const reading = readPool(pool as string | readonly string[]);
  if ('problem' in reading || poolRanges(reading.addresses).length === 1) return [];
  const message = `spread: ${spread} needs a snat_pool of one contiguous range, and this one has gaps`;
  return [
    { variable: 'spread', path: [], message, hint: 'use spread: connection or hash, or close the gaps' },
  ];
}

function probeProblems(probe: Value, index: number): ReturnType<Check> {
  const [kind = '', target = ''] = Object.entries(probe ?? {})[0] ?? [];
  const text = String(target);
  const path = [index, kind];
  if (kind === 'ping') return problemIf(parseAddress(text) === undefined, path, notAddress(text));
  if (kind === 'http')
    return problemIf(!/^https?:\/\/[^\s/]+(?:\/\S*)?$/.test(text), path, {
      message: `'${text}' is not an http address`,
      hint: 'like http://198.51.100.7/health',
    });
  const [address = '', port = ''] = text.split(/:(?=[^:]*$)/);
  const fine = parseAddress(address) !== undefined && isPort(port);
  return problemIf(!fine, path, {
    message: `'${text}' is not ADDRESS:PORT`,
    hint: 'like "198.51.100.7:443"',
  });
}

function stickyProblems(entry: Value, index: number): ReturnType<Check> {
  if (typeof entry === 'number') return [];
  const text = shownValue(entry);
  const port = /^(?:tcp\/|udp\/)?(\d+)$/.exec(text)?.[1];
  const fine =
    port === undefined ? parseAddress(text) !== undefined || parseNetwork(text) !== undefined : isPort(port);
  const hint = 'write a network "198.51.100.0/24", a port 21 or "udp/5060"';
  return problemIf(!fine, [index], { message: `'${text}' is neither a destination nor a port`, hint });
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

function problemIf(
  wrong: boolean,
  path: readonly (string | number)[],
  text: { message: string; hint: string },
): ReturnType<Check> {
  return wrong ? [{ path, ...text }] : [];
}

function notAddress(value: Value): { message: string; hint: string } {
  return {
    message: `'${shownValue(value)}' is not an IPv4 address`,
    hint: 'write four numbers without leading zeros, like 10.0.0.1',
  };
}

function notNetwork(value: Value): { message: string; hint: string } {
  return {
    message: `'${shownValue(value)}' is not a network`,
    hint: 'write four numbers and a prefix length, like 10.0.0.0/8',
  };
}

function items(value: Value): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}
