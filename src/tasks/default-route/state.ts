/**
 * Default routes of the main table in the spelling of `ip route`, words in the order in which it prints them: the
 * same text is compared, shown and given back to `ip`. Routes for a type of service only are not ours.
 */
import type { Facts } from '../facts.ts';
import type { Drain, DrainRemains } from './drain.ts';
import type { Readiness } from './drain-seen.ts';
import type { Moment } from './moment.ts';

// Not an interface: only type aliases are assignable to Json.
export type DefaultRouteState = Readonly<{
  /** In the kernel's order: lowest metric first. Without the word `default`. */
  routes: readonly string[];
  /** Asked only while the first route does not lead to it. */
  nextHop: 'answers' | 'silent' | 'unasked';
  drain: Drain | DrainRemains | null;
  /** Whether a drain could begin: told where the route would move. */
  readiness: Readiness | null;
  /** Moves by itself and is compared with nothing. */
  moment: Moment;
}>;

/** The parts of a route that gwfleet decides about; everything else stays in `rest` as it was. */
export interface RouteParts {
  readonly type: string;
  readonly via: string | null;
  readonly device: string | null;
  readonly proto: string | null;
  readonly source: string | null;
  readonly metric: number;
  readonly onlink: boolean;
  /** `mtu 1400`, `initcwnd 20` ... and `nexthop ...` of a multipath route. */
  readonly rest: readonly string[];
}

const types = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);
const keys = new Set(['via', 'dev', 'proto', 'src', 'metric']);

/** One line of `ip -4 -o route show default`, or undefined when it is not one of ours. */
export function readRoute(line: string): RouteParts | undefined {
  const words = line
    .replaceAll('\\', ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && word !== 'linkdown' && word !== 'dead');
  const type = types.has(words[0] ?? '') ? (words.shift() ?? '') : '';
  if (words.shift() !== 'default' || words.includes('tos')) return undefined;
  return partsIn(type, words);
}

/** The words behind `default`. */
function partsIn(type: string, words: readonly string[]): RouteParts {
  const cut = words.indexOf('nexthop');
  const end = cut === -1 ? words.length : cut;
  const named = new Map<string, string | null>();
  const rest: string[] = [];
  let onlink = false;
  for (let at = 0; at < end; at += 1) {
    const word = words[at] ?? '';
    if (word === 'onlink') onlink = true;
    else if (!keys.has(word) || named.has(word)) rest.push(word);
    else {
      at += 1;
      named.set(word, at < end ? (words[at] ?? null) : null);
    }
  }
  return {
    type,
    via: named.get('via') ?? null,
    device: named.get('dev') ?? null,
    proto: named.get('proto') ?? null,
    source: named.get('src') ?? null,
    metric: Number(named.get('metric') ?? 0),
    onlink,
    rest: [...rest, ...words.slice(end)],
  };
}

/** The canonical text of a route. */
export function routeText(parts: RouteParts): string {
  const scope = parts.rest[0] === 'scope' ? parts.rest.slice(0, 2) : [];
  return [
    ...pair('via', parts.via),
    ...pair('dev', parts.device),
    ...pair('proto', parts.proto),
    ...scope,
    ...pair('src', parts.source),
    ...(parts.metric === 0 ? [] : ['metric', String(parts.metric)]),
    ...(parts.onlink ? ['onlink'] : []),
    ...parts.rest.slice(scope.length),
  ]
    .join(' ')
    .replace(/^/, parts.type === '' ? '' : `${parts.type} `);
}

/** The parts of a text that `routeText` made. */
export function partsOf(text: string): RouteParts {
  const words = text.split(' ').filter((word) => word !== '');
  const type = types.has(words[0] ?? '') ? (words.shift() ?? '') : '';
  return partsIn(type, words);
}

/** The words after `ip route replace`; `table 7701` goes right behind the destination. */
export function routeLine(route: string, table = ''): string {
  const { type } = partsOf(route);
  const rest = type === '' ? route : route.slice(type.length + 1);
  return [type, 'default', table, rest].filter(Boolean).join(' ');
}

/** Every address on the host with the interface that it is on. */
export function addressesOf(facts: Facts): readonly { device: string; address: string; prefix: number }[] {
  return facts.interfaces.flatMap(({ name, addresses }) =>
    addresses.map(({ address, prefix }) => ({ device: name, address, prefix })),
  );
}

function pair(key: string, value: string | null): readonly string[] {
  return value === null ? [] : [key, value];
}
