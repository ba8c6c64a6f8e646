/**
 * What rules do to the way in. INPUT decides about ours, FORWARD about those to other hosts that pass this one, and
 * the leak guard behind NAT about the answers: it drops what leaves by the public side with a private source.
 */
import { contains, parseAddress, parseNetwork } from '../../address/ipv4.ts';
import type { ForwardedWay, OwnWay, Touch, WayIn } from '../way-in.ts';
import { isGuarded, unavailable } from './leak-guard.ts';
import type { RulesetState } from './state.ts';

export function rulesetTouch(
  from: RulesetState | null,
  to: RulesetState | null,
  way: WayIn,
): readonly Touch[] {
  if (to === null) return [];
  return way.kind === 'own' ? own(from, to, way) : forwarded(to, way);
}

function own(from: RulesetState | null, to: RulesetState, way: OwnWay): readonly Touch[] {
  const { external, network, style } = to.owner;
  const guards = to.leakGuard !== null && to.leakGuard !== unavailable && to.leakGuard !== from?.leakGuard;
  if (guards && way.interface === external && isGuarded(way.serverAddress, network)) {
    const text = `our answers leave by ${external} with the private source ${way.serverAddress}, and the leak guard drops such`;
    return [{ kind: 'cuts', text }];
  }
  if (way.arrives === external && closes(to, way.serverAddress))
    return [{ kind: 'cuts', text: `we came in by ${way.serverAddress}, and GWFLEET-INPUT closes it` }];
  if (style === 'seed')
    return [{ kind: 'rides', text: 'the way in passes INPUT, which this ruleset holds as a whole' }];
  const same = rulesOf(from, 'GWFLEET-INPUT') === rulesOf(to, 'GWFLEET-INPUT');
  return way.arrives !== external || same
    ? []
    : [{ kind: 'rides', text: `the way in passes GWFLEET-INPUT on ${external}` }];
}

/** The rules of INPUT name what they close as ranges. */
function closes(to: RulesetState, address: string): boolean {
  const number = parseAddress(address) ?? -1;
  const input = to.chains.find(({ name }) => name === 'GWFLEET-INPUT')?.rules ?? [];
  return input.some((rule) => {
    const [, first = '', last = ''] = / --dst-range ([\d.]+)-([\d.]+) -j DROP$/.exec(rule) ?? [];
    return number >= (parseAddress(first) ?? Infinity) && number <= (parseAddress(last) ?? -1);
  });
}

/**
 * `hardened` lets out what the inside begins and nothing else, so ssh through the gateway ends in every direction;
 * `seed` lets anything pass that begins inside with an inside address.
 */
function forwarded(to: RulesetState, way: ForwardedWay): readonly Touch[] {
  const { external, internal, network, style } = to.owner;
  const both = [way.clientSide, way.hostSide];
  if (!both.includes(internal) && !both.includes(external) && style === 'hardened') return [];
  const inside = parseNetwork(network);
  const begun = inside !== undefined && contains(inside, parseAddress(way.clientAddress) ?? -1);
  if (style === 'seed' && (way.clientSide === '' || (way.clientSide === internal && begun))) return [];
  const text = `the way in to ${way.host} is forwarded here from ${way.clientAddress}, and these rules of FORWARD drop it`;
  return [{ kind: 'cuts', text }];
}

function rulesOf(state: RulesetState | null, chain: string): string {
  return (state?.chains.find(({ name }) => name === chain)?.rules ?? []).join('\n');
}
