/**
 * The ruleset a host should have. The addresses that stay open are only known from the host: its primary and the
 * one we came in by keep their services, also when they are in the pool; an alias that drains stays closed to its end.
 */
import { formatAddress, parseAddress } from '../../address/ipv4.ts';
import { poolLimit } from '../../address/pool.ts';
import { labelNumber, primaryOf } from '../aliases/state.ts';
import type { Facts } from '../facts.ts';
import type { Note, Wanted } from '../task-type.ts';
import { guardRule, privateAddress, unavailable } from './leak-guard.ts';
import { rulesetChanges } from './lines.ts';
import { bare, hardenedChains, hardenedHooks, type Intent, seedChains } from './rules.ts';
import type { Chain, Owner, RulesetState } from './state.ts';

export type OpenIntent = Omit<Intent, 'closed'> & { readonly management: readonly string[] };

export function wantedRuleset(intent: OpenIntent, seen: RulesetState, facts: Facts): Wanted<RulesetState> {
  const names = facts.interfaces.map(({ name }) => name);
  const missing = [intent.internal, intent.external].find((name) => !names.includes(name));
  if (missing !== undefined) {
    const why = `there is no interface ${missing} on the host; it has ${names.join(', ')}`;
    return { kind: 'refused', why };
  }
  const ground = { intent, seen, facts };
  const to = stateWith(closed(intent, facts), ground);
  return {
    kind: 'state',
    state: idle(ground) ?? to,
    notes: [...notes(seen, to), ...guardNotes(seen, facts)],
  };
}

/** A drained alias is gone, and what still closes it closes nobody: no reason for a change of its own. */
function idle({ intent, seen, facts }: Ground): RulesetState | undefined {
  const nowhere = closedNowhere(seen, facts);
  if (nowhere.length === 0) return undefined;
  const state = stateWith(closed(intent, facts, nowhere), { intent, seen, facts });
  return rulesetChanges(seen, state).length === 0 ? state : undefined;
}

interface Ground {
  readonly intent: OpenIntent;
  readonly seen: RulesetState;
  readonly facts: Facts;
}

function stateWith(closed: readonly string[], { intent, seen, facts }: Ground): RulesetState {
  const chains = wantedChains(seen.owner.style, { ...intent, closed });
  const hooks = seen.owner.style === 'seed' ? [] : hardenedHooks(chains);
  return {
    ...seen,
    chains,
    hooks: hooks.toSorted(byTable),
    policy: 'DROP',
    leakGuard: guardFor(seen, facts),
  };
}

/** A host that has no rules at all. */
export function noRules(owner: Owner, { tools }: Facts): RulesetState {
  const backend = (['nft', 'legacy'] as const).find((one) => tools.includes(`iptables-${one}-save`));
  return {
    backend: backend ?? 'plain',
    owner,
    chains: [],
    hooks: [],
    policy: 'ACCEPT',
    leakGuard: tools.includes('nft') ? null : unavailable,
  };
}

export function wantedChains(style: Owner['style'], intent: Intent): readonly Chain[] {
  return bare(style === 'seed' ? seedChains(intent) : hardenedChains(intent));
}

/**
 * By number, so that an address that leaves the pool changes nothing here. One that another interface has as well is
 * somebody else's when it has left: closed, it would be opened again by the next apply. `more` are closed besides.
 */
function closed(
  { pool, external, management }: OpenIntent,
  facts: Facts,
  more: readonly string[] = [],
): readonly string[] {
  const own = facts.interfaces.find(({ name }) => name === external)?.addresses ?? [];
  const held = own.map((one) => ({ ...one, interface: external, noPrefixRoute: false }));
  // The same choice as that of the aliases, else the first apply of both would not be the last.
  const primary = primaryOf(held, external, new Set(pool));
  const elsewhere = facts.interfaces.filter(({ name }) => name !== external);
  const others = new Set(elsewhere.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const leaving = own.filter(
    ({ address, label }) => labelNumber(label, external) !== undefined && !others.has(address),
  );
  const open = new Set([primary?.address, facts.managementPath?.serverAddress, ...management]);
  return [...new Set([...pool, ...leaving.map(({ address }) => address), ...more])]
    .filter((address) => !open.has(address))
    .toSorted((left, right) => (parseAddress(left) ?? 0) - (parseAddress(right) ?? 0));
}

/** What INPUT closes now and no interface has. Somebody else's rule there may name half the Internet. */
function closedNowhere({ chains }: RulesetState, { interfaces }: Facts): readonly string[] {
  const here = new Set(interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const input = chains.find(({ name }) => name === 'GWFLEET-INPUT')?.rules ?? [];
  return input.flatMap((rule) => {
    const [, from = '', to = ''] = / --dst-range ([\d.]+)-([\d.]+) -j DROP$/.exec(rule) ?? [];
    const [first, last] = [parseAddress(from), parseAddress(to)];
    if (first === undefined || last === undefined || last - first >= poolLimit) return [];
    return Array.from({ length: last - first + 1 }, (_, i) => formatAddress(first + i)).filter(
      (address) => !here.has(address),
    );
  });
}

function byTable(left: { table: string; chain: string }, right: { table: string; chain: string }): number {
  return `${left.table} ${left.chain}` < `${right.table} ${right.chain}` ? -1 : 1;
}

function guardFor({ owner, leakGuard }: RulesetState, facts: Facts): string | null {
  if (leakGuard === unavailable) return unavailable;
  return owner.style === 'seed' || privateAddress(facts, owner) !== undefined ? null : guardRule(owner);
}

function guardNotes({ owner, leakGuard }: RulesetState, facts: Facts): readonly Note[] {
  const address = privateAddress(facts, owner);
  if (owner.style === 'seed' || leakGuard === unavailable || address === undefined) return [];
  const text = `no leak guard: ${owner.external} has the private address ${address}, whose packets it would drop`;
  return [{ level: 'info', text }];
}

/** With style `seed` whole tables go, and what others had in them is said before. */
function notes(seen: RulesetState, to: RulesetState): readonly Note[] {
  if (seen.owner.style !== 'seed') return [];
  const lost = seen.chains.flatMap(({ table, name, rules }) => {
    const kept = to.chains.find((chain) => chain.table === table && chain.name === name)?.rules ?? [];
    const gone = rules.filter((rule) => !kept.includes(rule)).length;
    return gone === 0 || name.startsWith('GWFLEET-') ? [] : [`${table} ${name} (${gone})`];
  });
  if (lost.length === 0) return [];
  const text = `style seed holds whole tables: rules of others go from ${lost.join(', ')}`;
  return [{ level: 'danger', text }];
}
