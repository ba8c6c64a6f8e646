/** The part of a default route that must be there after a restart: the first one, as far as the owners can say it. */
import { type BootRoute, routeGone, routeParts } from '../boot/network.ts';
import { routeNotes } from '../boot/owner-notes.ts';
import type { Facts } from '../facts.ts';
import type { BootPart, Wanted } from '../task-type.ts';
import { type DefaultRouteState, partsOf } from './state.ts';

export function bootOf(
  to: DefaultRouteState | null,
  facts: Facts,
  from: DefaultRouteState | null,
): readonly BootPart[] {
  const route = bootRoute(to);
  if (route !== undefined) return routeParts(route, facts.boot);
  const gone = bootRoute(from);
  return gone === undefined ? [] : routeGone(gone, facts.boot);
}

/** With what must be known of the interface's owner beside the change. */
export function withBoot(wanted: Wanted<DefaultRouteState>, { boot }: Facts): Wanted<DefaultRouteState> {
  const route = wanted.kind === 'state' ? bootRoute(wanted.state) : undefined;
  if (wanted.kind !== 'state' || route === undefined) return wanted;
  return { ...wanted, notes: [...(wanted.notes ?? []), ...routeNotes(route, boot)] };
}

/** Undefined where there is none by one next hop and one device. */
function bootRoute(state: DefaultRouteState | null): BootRoute | undefined {
  const [first] = state?.routes ?? [];
  if (first === undefined) return undefined;
  const { via, device, metric, source, rest } = partsOf(first);
  if (via === null || device === null) return undefined;
  const mtu = rest.indexOf('mtu');
  return { interface: device, via, metric, source, mtu: mtu < 0 ? null : Number(rest[mtu + 1]) || null };
}
