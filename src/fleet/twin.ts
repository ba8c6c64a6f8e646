/**
 * Twins: two gateways with one pool, of which one has its addresses and the other is ready to take them. `twin` is
 * written at either of them, the pool too. What a reader gets wrong: which of the two has the addresses is nothing that
 * is kept anywhere; it follows from `gateway_state`, so one line of the inventory says it for all commands.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import type { Gateway } from './model.ts';
import { settingPlace, textSetting, valueSetting } from './setting.ts';

/** As read, with what the other one of a pair brings: its name, the pool, whose the addresses are now. */
export function paired(gateways: readonly Gateway[]): readonly Gateway[] {
  const partners = partnersOf(gateways);
  return gateways.map((gateway) => {
    const twin = partners.get(gateway.name);
    if (twin === undefined) return gateway;
    const pool = gateway.pool.length > 0 ? gateway.pool : twin.pool;
    return {
      ...gateway,
      pool,
      twin: twin.name,
      addresses: hasAddresses(gateway, twin) ? 'here' : 'at its twin',
    };
  });
}

/** What both of a pair are called where it does not matter who carries: nobody moves when they change places. */
export function pairName({ name, twin }: Gateway): string {
  return twin !== undefined && twin < name ? twin : name;
}

/** The gateway itself, or its twin where that one carries now. */
export function carrierOf(name: string, gateways: ReadonlyMap<string, Gateway>): Gateway | undefined {
  const own = gateways.get(name);
  if (own === undefined || own.state === 'active' || own.twin === undefined) return own;
  const twin = gateways.get(own.twin);
  return twin?.state === 'active' ? twin : own;
}

/** Each mistake of a pair, where it is written. */
export function twinProblems(gateways: ReadonlyMap<string, Gateway>): readonly Diagnostic[] {
  return [...gateways.values()].flatMap((gateway) => {
    const written = textSetting(gateway.host, 'twin');
    if (written === undefined) return [];
    const other = gateways.get(written);
    const found = other === undefined ? nobody(gateway, written, gateways) : pairProblem(gateway, other);
    if (found === undefined) return [];
    const { message, hint, variable = 'twin' } = found;
    return [{ severity: 'error', message, place: settingPlace(gateway.host, variable), hint }];
  });
}

/** Of two that both stand by, the one whose pool is written keeps the addresses. */
function hasAddresses(one: Gateway, other: Gateway): boolean {
  if (one.state !== 'standby') return true;
  if (other.state !== 'standby') return false;
  return one.pool.length > 0 && (other.pool.length === 0 || textSetting(one.host, 'twin') === undefined);
}

function partnersOf(gateways: readonly Gateway[]): ReadonlyMap<string, Gateway> {
  const byName = new Map(gateways.map((gateway) => [gateway.name, gateway]));
  const partners = new Map<string, Gateway>();
  for (const gateway of gateways) {
    const other = byName.get(textSetting(gateway.host, 'twin') ?? '');
    if (other === undefined || other.name === gateway.name) continue;
    if (partners.has(gateway.name) || partners.has(other.name)) continue;
    partners.set(gateway.name, other);
    partners.set(other.name, gateway);
  }
  return partners;
}

interface Problem {
  readonly message: string;
  readonly hint: string;
  readonly variable?: string;
}

function nobody({ name }: Gateway, written: string, gateways: ReadonlyMap<string, Gateway>): Problem {
  const names = [...gateways.keys()].filter((one) => one !== name);
  return {
    message: `the twin of ${name} is '${written}', which is no gateway`,
    hint: didYouMean(written, names) ?? `the other gateways: ${names.join(', ') || 'none'}`,
  };
}

function pairProblem(one: Gateway, other: Gateway): Problem | undefined {
  if (one.name === other.name)
    return { message: `${one.name} is its own twin`, hint: 'name the other gateway of the pair' };
  if (one.twin !== other.name || other.twin !== one.name) {
    const taken = other.twin === one.name ? one : other;
    const message = `${one.name} cannot be the twin of ${other.name}: ${taken.name} and ${taken.twin ?? ''} are twins`;
    return { message, hint: 'a pair are two gateways' };
  }
  const both = `${one.name} and ${other.name}`;
  const bare = [one, other].find(({ spread }) => spread !== 'hash');
  if (bare !== undefined)
    return {
      message: `${both} are twins, and ${bare.name} has ${textSetting(bare.host, 'ruleset_style') === 'seed' ? 'ruleset_style: seed' : `spread: ${bare.spread}`}`,
      hint: 'twins need spread: hash at both: only so the other one maps every live connection alike',
    };
  if (one.pool.join() !== other.pool.join())
    return {
      message: `${both} are twins, and their pools differ`,
      hint: 'write snat_pool at one of them: the other one has the same, in the same order',
      variable: 'snat_pool',
    };
  const [sticky, others] = [one, other].map(({ host }) => JSON.stringify(valueSetting(host, 'sticky') ?? []));
  if (sticky !== others)
    return {
      message: `${both} are twins, and their sticky differs`,
      hint: 'both must map every connection alike',
    };
  if (one.state === 'standby' || other.state === 'standby') return undefined;
  return {
    message: `${both} are twins, and neither is standby: one address cannot be at both`,
    hint: 'gateway_state: standby at the one that is to be ready to take over',
  };
}
