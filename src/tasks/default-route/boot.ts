/** The part of a default route that must be there after a restart: the first one, as far as the owners can say it. */
import type { BootRoute } from '../boot/network.ts';
import { type DefaultRouteState, partsOf } from './state.ts';

/** Undefined where there is none by one next hop and one device. */
export function bootRoute(state: DefaultRouteState | null): BootRoute | undefined {
  const [first] = state?.routes ?? [];
  if (first === undefined) return undefined;
  const { via, device, metric, source, rest } = partsOf(first);
  if (via === null || device === null) return undefined;
  const mtu = rest.indexOf('mtu');
  return { interface: device, via, metric, source, mtu: mtu < 0 ? null : Number(rest[mtu + 1]) || null };
}
