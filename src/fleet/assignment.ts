/**
 * Who leaves through whom, from names and pool sizes alone: no history, no clock, the order of the file does not
 * count. Each webserver likes the gateways in an order of its own (weighted rendezvous hashing), so a gateway that
 * comes or goes changes little; a minimum-cost flow over those likings then fills every gateway exactly to its share,
 * rounded down or up. It is the flow, not a greedy repair, that keeps corrections alike before and after a change.
 */
import { balanced } from './flow.ts';
import { shares } from './share.ts';

export interface GatewayWeight {
  readonly name: string;
  /** Pool size; more than zero. */
  readonly weight: number;
}

export interface WebserverWish {
  readonly name: string;
  /** The gateway that the user named; missing: `auto`. */
  readonly pinned?: string;
}

/** Webserver -> gateway. Without gateways it is empty; a pin to a gateway that is not there is left out. */
export function assignGateways(
  webservers: readonly WebserverWish[],
  gateways: readonly GatewayWeight[],
): ReadonlyMap<string, string> {
  const sorted = gateways.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(sorted.map(({ name }) => name));
  const pinned = webservers.filter((one) => one.pinned !== undefined && names.has(one.pinned));
  const found = new Map(pinned.map((one) => [one.name, one.pinned ?? '']));
  if (sorted.length === 0) return found;
  const free = webservers
    .filter((one) => one.pinned === undefined)
    .map(({ name }) => name)
    .toSorted();
  const pins = new Map<string, number>();
  for (const { pinned: name = '' } of pinned) pins.set(name, (pins.get(name) ?? 0) + 1);
  const quotas = shares(
    free.length,
    sorted.map(({ name, weight }) => ({ weight, load: pins.get(name) ?? 0 })),
  );
  for (const [index, gateway] of balanced(free, sorted, quotas).entries())
    found.set(free[index] ?? '', sorted[gateway]?.name ?? '');
  return found;
}
