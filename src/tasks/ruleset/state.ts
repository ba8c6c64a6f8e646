/**
 * What a ruleset is on a host, as plain JSON, in the spelling of `iptables-save` without counters. With style
 * `hardened` it is our own chains, the rules of others' chains that are ours (jumps, leftovers of the seed) with
 * their places, and the policy of FORWARD; with style `seed` it is the tables filter and nat as a whole.
 */
export type Backend = 'nft' | 'legacy' | 'plain';

// Not interfaces: only type aliases are assignable to Json.
export type Chain = Readonly<{
  table: string;
  name: string;
  /** Null for a chain that is not built in. */
  policy: string | null;
  /** Without `-A NAME`. */
  rules: readonly string[];
}>;

export type Hook = Readonly<{
  table: string;
  chain: string;
  /** Counts from 1 among all rules of the chain. */
  position: number;
  rule: string;
}>;

/** What tells our rules from others'; part of the state, so that an undo knows it too. */
export type Owner = Readonly<{
  style: 'hardened' | 'seed';
  internal: string;
  external: string;
  network: string;
  /** The only address of a pool of one; empty otherwise. */
  single: string;
}>;

export type RulesetState = Readonly<{
  backend: Backend;
  owner: Owner;
  chains: readonly Chain[];
  hooks: readonly Hook[];
  policy: string;
  /** The nft rule behind NAT; null for none, `unavailable` where nft is missing. */
  leakGuard: string | null;
}>;

/** In the order in which they are loaded: marks, then addresses, then who may pass. */
export const tables: readonly string[] = ['mangle', 'nat', 'filter'];

export const ownChains: Readonly<Record<string, readonly string[]>> = {
  mangle: ['GWFLEET-HASH'],
  nat: ['GWFLEET-SNAT'],
  filter: ['GWFLEET-FORWARD', 'GWFLEET-INPUT'],
};

/** The built-in chains of the tables that style `seed` owns. */
export const builtins: Readonly<Record<string, readonly string[]>> = {
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** The program of a backend: `iptables-nft-save`; plain where a host knows one backend only. */
export function program(backend: Backend, verb: 'save' | 'restore'): string {
  return backend === 'plain' ? `iptables-${verb}` : `iptables-${backend}-${verb}`;
}

/** One order for all; a built-in chain that lets everything pass is as good as none. */
export function inOrder(chains: readonly Chain[]): readonly Chain[] {
  const place = ({ table, name, policy }: Chain): string =>
    `${tables.indexOf(table)} ${policy === null ? 1 : 0} ${name}`;
  return chains
    .filter(({ policy, rules }) => policy !== 'ACCEPT' || rules.length > 0)
    .toSorted((left, right) => (place(left) < place(right) ? -1 : 1));
}

export function hooksInOrder(hooks: readonly Hook[]): readonly Hook[] {
  return hooks.toSorted((left, right) => {
    if (left.table !== right.table) return left.table < right.table ? -1 : 1;
    if (left.chain !== right.chain) return left.chain < right.chain ? -1 : 1;
    return left.position - right.position;
  });
}
