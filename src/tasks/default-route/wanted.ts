/**
 * Which default routes a host should have. Ours takes the place of the best one and keeps what it said besides the
 * next hop (metric, protocol, source, mtu), because `ip route replace` drops whatever is not repeated.
 */
import { contains, networkOf, parseAddress } from '../../address/ipv4.ts';
import type { Facts } from '../facts.ts';
import type { Note, Wanted } from '../task-type.ts';
import { type Drain, type DrainPolicy, hopText, isDrain, leftGateways, sameDrain } from './drain.ts';
import { wantedDrain } from './drain-wanted.ts';
import { type Moment, noMoment } from './moment.ts';
import { addressesOf, type DefaultRouteState, partsOf, type RouteParts, routeText } from './state.ts';

export interface Goal {
  readonly via: string;
  readonly interface?: string;
  /** False: the hard switch. */
  readonly drain: DrainPolicy | false;
}

export function wantedRoute(
  goal: Goal,
  seen: DefaultRouteState | null,
  facts: Facts,
): Wanted<DefaultRouteState> {
  const routes = (seen?.routes ?? []).map(partsOf);
  const best = routes[0];
  const device = deviceFor(goal, best, facts);
  if (typeof device !== 'string') return { kind: 'refused', why: device.why };
  const moves = best?.via !== goal.via || best.device !== device;
  if (moves && seen?.nextHop === 'silent') {
    const why = `nobody answers for ${goal.via} on ${device}; the default route stays where it is`;
    return { kind: 'refused', why };
  }
  const ours = moves ? moved(best, goal.via, device, facts) : best;
  const backups = routes
    .slice(1)
    .filter((route) => route.metric > ours.metric && (route.type !== '' || route.device !== device));
  const drain = wantedDrain(seen, { best, ours, moves, policy: goal.drain });
  if (drain !== null && 'why' in drain) return { kind: 'refused', why: drain.why };
  const to: DefaultRouteState = {
    routes: [ours, ...backups].map(routeText),
    nextHop: 'unasked',
    drain,
    readiness: null,
    moment: noMoment,
  };
  return { kind: 'state', state: to, notes: notes({ seen, to, best, backups, moves }) };
}

function moved(best: RouteParts | undefined, via: string, device: string, facts: Facts): RouteParts {
  if (best === undefined) {
    return { type: '', via, device, proto: 'static', source: null, metric: 0, onlink: false, rest: [] };
  }
  const held = addressesOf(facts).some((one) => one.address === best.source && one.device === device);
  const cut = best.rest.indexOf('nexthop');
  return {
    ...best,
    type: '',
    via,
    device,
    source: held ? best.source : null,
    onlink: false,
    rest: withoutPairs(cut === -1 ? best.rest : best.rest.slice(0, cut), ['scope', 'nhid', 'error']),
  };
}

function withoutPairs(words: readonly string[], keys: readonly string[]): readonly string[] {
  return words.filter((word, i) => !keys.includes(word) && !keys.includes(words[i - 1] ?? ''));
}

/** The interface whose subnet holds the next hop; a route that is there already is taken at its word. */
function deviceFor(goal: Goal, best: RouteParts | undefined, facts: Facts): string | { why: string } {
  const asked = goal.interface;
  const names = facts.interfaces.map(({ name }) => name);
  if (asked !== undefined && !names.includes(asked)) {
    return { why: `there is no interface ${asked} on the host; it has ${names.join(', ')}` };
  }
  if (best?.via === goal.via && best.device !== null && (asked ?? best.device) === best.device)
    return best.device;
  if (addressesOf(facts).some(({ address }) => address === goal.via)) {
    return { why: `${goal.via} is an address of this host itself` };
  }
  const via = parseAddress(goal.via) ?? 0;
  const near = addressesOf(facts)
    .filter(({ device }) => (asked ?? device) === device)
    .filter(({ address, prefix }) => contains(networkOf(parseAddress(address) ?? 0, prefix), via))
    .toSorted((left, right) => right.prefix - left.prefix);
  const longest = near.filter(({ prefix }) => prefix === near[0]?.prefix);
  const found = longest.find(({ device }) => device === best?.device) ?? longest[0];
  if (found !== undefined) return found.device;
  const subnets = addressesOf(facts).filter(({ device }) => device !== 'lo' && (asked ?? device) === device);
  const list = subnets.map(({ device, address, prefix }) => `${device} ${address}/${prefix}`).join(', ');
  const where = asked === undefined ? 'in no subnet of this host' : `in no subnet of ${asked}`;
  return { why: `${goal.via} is ${where}${list === '' ? '' : ` (${list})`}, so it cannot be a next hop` };
}

interface Picture {
  readonly seen: DefaultRouteState | null;
  readonly to: DefaultRouteState;
  readonly best: RouteParts | undefined;
  readonly backups: readonly RouteParts[];
  readonly moves: boolean;
}

function notes({ seen, to, best, backups, moves }: Picture): readonly Note[] {
  const found: Note[] = [];
  if (moves && (best?.proto === 'dhcp' || best?.proto === 'ra')) {
    const text = `the route came by ${best.proto}, which may bring the old one back`;
    found.push({ level: 'warning', text });
  }
  for (const route of backups) {
    found.push({ level: 'info', text: `the backup default route stays: ${routeText(route)}` });
  }
  if (isDrain(to.drain) && sameDrain(seen?.drain ?? null, to.drain))
    found.push({ level: 'warning', text: drainingText(to.drain, seen?.moment ?? noMoment) });
  return found;
}

/** `draining, ~37 connections stay on 10.0.0.1, at most 214 s left` */
function drainingText(drain: Drain, { old, elapsed }: Moment): string {
  const count = old === null ? 'connections' : `~${old} ${old === 1 ? 'connection' : 'connections'}`;
  const left = elapsed === null ? 0 : drain.deadlineSeconds - elapsed;
  const end = left > 0 ? `at most ${left} s left` : 'the deadline is over';
  return `draining, ${count} stay on ${leftGateways(drain).join(', ') || hopText(drain.old)}, ${end}`;
}
