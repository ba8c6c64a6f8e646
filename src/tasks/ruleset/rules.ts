/**
 * The rules themselves, each with its reason, in the spelling in which iptables 1.8 saves them. The reasons are
 * printed in the manual; where they name figures, these were measured.
 */
import { formatNetwork, parseAddress, parseNetwork } from '../../address/ipv4.ts';
import { poolRanges } from '../../address/pool.ts';
import { builtins, type Chain, type Hook, inOrder } from './state.ts';

export type Spread = 'connection' | 'hash' | 'client' | 'range';

export type Sticky = { readonly to: string } | { readonly port: number; readonly protocol: 'tcp' | 'udp' };

/** All that decides about the rules. `closed` are the pool addresses whose services are not for the outside. */
export interface Intent {
  readonly internal: string;
  readonly external: string;
  readonly network: string;
  readonly pool: readonly string[];
  readonly closed: readonly string[];
  readonly spread: Spread;
  readonly sticky: readonly Sticky[];
}

export interface Rule {
  readonly text: string;
  readonly why: string;
}

/** A chain with reasons, before they are cut off. */
export interface ExplainedChain {
  readonly table: string;
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** The own chains of style `hardened`. */
export function hardenedChains(intent: Intent): readonly ExplainedChain[] {
  const hash = hashRules(intent);
  return [
    ...(hash.length === 0 ? [] : [{ table: 'mangle', name: 'GWFLEET-HASH', rules: hash }]),
    {
      table: 'nat',
      name: 'GWFLEET-SNAT',
      rules: [...intent.sticky.map(stickyRule(intent)), ...snatRules(intent)],
    },
    { table: 'filter', name: 'GWFLEET-FORWARD', rules: forwardRules(intent) },
    { table: 'filter', name: 'GWFLEET-INPUT', rules: inputRules(intent) },
  ];
}

/** Why the policy of FORWARD is DROP, in both styles. */
export const forwardPolicyWhy = 'what no rule lets pass stays here, whatever other interface it came in by';

/** One jump into each own chain, before everything else. */
export function explainedHooks(
  chains: readonly { table: string; name: string }[],
): readonly (Hook & { readonly why: string })[] {
  return chains.map(({ table, name }) => {
    const { chain = '', why = '' } = jumps[name] ?? {};
    return { table, chain, position: 1, rule: `-j ${name}`, why };
  });
}

export function hardenedHooks(chains: readonly { table: string; name: string }[]): readonly Hook[] {
  return explainedHooks(chains).map(({ table, chain, position, rule }) => ({ table, chain, position, rule }));
}

const jumps: Readonly<Record<string, { readonly chain: string; readonly why: string }>> = {
  'GWFLEET-HASH': { chain: 'PREROUTING', why: 'the mark must stand before an address is chosen' },
  'GWFLEET-SNAT': {
    chain: 'POSTROUTING',
    why: 'the first, so that no rule of others gives the inside another address',
  },
  'GWFLEET-FORWARD': { chain: 'FORWARD', why: 'the first, so that no ACCEPT of others lets INVALID pass' },
  'GWFLEET-INPUT': { chain: 'INPUT', why: 'the first, so that no ACCEPT of others opens an alias' },
};

/** The configuration of 2007, rule for rule: the tables filter and nat hold this and nothing else. */
export function seedChains({ internal, external, network, pool }: Intent): readonly ExplainedChain[] {
  const seed = (text: string, why: string): Rule => ({ text, why });
  return [
    {
      table: 'filter',
      name: 'FORWARD',
      rules: [
        seed('-i lo -j ACCEPT', 'as in the recipe'),
        seed(`${source(network)} -i ${internal} -j ACCEPT`, 'the inside may go anywhere'),
        seed(`-i ${external} -m state --state RELATED,ESTABLISHED -j ACCEPT`, 'answers come back'),
      ],
    },
    {
      table: 'nat',
      name: 'POSTROUTING',
      rules: [seed(`-o ${external} -j SNAT --to-source ${range(pool)}`, 'the kernel chooses an address')],
    },
  ];
}

export function bare(chains: readonly ExplainedChain[]): readonly Chain[] {
  return inOrder(
    chains.map(({ table, name, rules }) => {
      const builtin = builtins[table]?.includes(name) ?? false;
      const policy = builtin ? (name === 'FORWARD' ? 'DROP' : 'ACCEPT') : null;
      return { table, name, policy, rules: rules.map(({ text }) => text) };
    }),
  );
}

function snatRules({ network, external, pool, spread }: Intent): readonly Rule[] {
  const from = `${source(network)} -o ${external}`;
  if (spread === 'range' || spread === 'client') {
    const text = `${from} -j SNAT --to-source ${range(pool)}`;
    if (spread === 'range') return [{ text, why: 'one rule for the whole range: the kernel chooses' }];
    return [{ text: `${text} --persistent`, why: 'a client keeps its address for all its connections' }];
  }
  return pool.map((address, i) => {
    const rest = pool.length - i;
    const to = `-j SNAT --to-source ${address}`;
    if (spread === 'hash') {
      const mark = rest === 1 ? '' : ` -m mark --mark 0x${(0x100 + i).toString(16)}`;
      const why = 'the mark decides, so a twin with the same list maps every connection alike';
      return { text: `${from}${mark} ${to}`, why };
    }
    const nth = rest === 1 ? '' : ` -m statistic --mode nth --every ${rest} --packet 0`;
    const why =
      'connections go round the addresses; with random ports 387,072 of 387,072 fitted, with one rule for the range 346,319';
    return { text: `${from}${nth} ${to} --random-fully`, why };
  });
}

function hashRules({ internal, pool, spread }: Intent): readonly Rule[] {
  if (spread !== 'hash' || pool.length === 1) return [];
  const masks =
    '--hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-sport-mask 0xffff --hmark-dport-mask 0xffff';
  const text = `-i ${internal} -m conntrack --ctstate NEW -j HMARK ${masks} --hmark-rnd 0x67776c74 --hmark-mod ${pool.length} --hmark-offset 256`;
  return [{ text, why: 'a fixed hash of addresses and ports chooses the pool address' }];
}

function stickyRule({ network, external, pool }: Intent): (one: Sticky) => Rule {
  const to = `-j SNAT --to-source ${range(largestRange(pool))} --persistent`;
  const why = 'one client keeps one address there';
  return (one) => {
    if ('to' in one) return { text: `${source(network)} -d ${formatted(one.to)} -o ${external} ${to}`, why };
    const match = `-p ${one.protocol} -m ${one.protocol} --dport ${one.port}`;
    return { text: `${source(network)} -o ${external} ${match} ${to}`, why };
  };
}

function forwardRules({ internal, external, network }: Intent): readonly Rule[] {
  return [
    {
      text: `-i ${internal} -o ${external} -m conntrack --ctstate INVALID -j DROP`,
      why: 'what conntrack does not know passes NAT untouched: 21 of 24 such packets left with an inside address',
    },
    { text: `${source(network)} -i ${external} -j DROP`, why: 'nobody outside has an inside address' },
    {
      text: `${source(network)} -i ${internal} -o ${external} -j ACCEPT`,
      why: 'the inside may go out, and only out: not into a third network',
    },
    {
      text: `-i ${external} -o ${internal} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      why: 'answers come back',
    },
    { text: `-i ${internal} -j DROP`, why: 'nothing else from the inside, whatever stands behind' },
    { text: `-i ${external} -j DROP`, why: 'nothing else from the outside, whatever stands behind' },
  ];
}

function inputRules({ external, closed }: Intent): readonly Rule[] {
  return [
    {
      text: `-i ${external} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN`,
      why: "the gateway's own connections by a pool address get their answers",
    },
    ...poolRanges(closed).map(({ first, last }) => ({
      text: `-i ${external} ! -p icmp -m iprange --dst-range ${first}-${last} -j DROP`,
      why: 'an alias is an address to leave by: 6 of 6 had offered the services of the gateway',
    })),
  ];
}

function largestRange(pool: readonly string[]): readonly string[] {
  const size = ({ first, last }: { first: string; last: string }): number =>
    (parseAddress(last) ?? 0) - (parseAddress(first) ?? 0);
  const [largest] = poolRanges(pool).toSorted((left, right) => size(right) - size(left));
  return largest === undefined ? pool : [largest.first, largest.last];
}

function range(pool: readonly string[]): string {
  const [first = '', last = first] = [pool[0], pool.at(-1)];
  return first === last ? first : `${first}-${last}`;
}

function source(network: string): string {
  return `-s ${formatted(network)}`;
}

/** iptables saves `/32` and the network address, whatever was written. */
function formatted(text: string): string {
  const network = parseNetwork(text.includes('/') ? text : `${text}/32`);
  return network === undefined ? text : formatNetwork(network);
}
