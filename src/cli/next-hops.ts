/** Gateways by the next hop that they are for webservers: where the connections of draining hosts are counted. */
import { readFleet } from '../fleet/fleet.ts';
import type { Inventory } from '../inventory/model.ts';

export function nextHops(inventory: Inventory): ReadonlyMap<string, string> {
  const { gateways } = readFleet(inventory).fleet;
  return new Map(
    [...gateways.values()].flatMap(({ name, internalAddress }): readonly (readonly [string, string])[] =>
      internalAddress === undefined ? [] : [[internalAddress, name]],
    ),
  );
}
