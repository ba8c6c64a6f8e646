/**
 * Who looks through which gateway at what: a watch's order, from the inventory. Nobody can look through a gateway that
 * stands by for its twin, because answers go to the twin: it looks itself.
 */
import { readFleet } from '../../fleet/fleet.ts';
import { chooseWatchers } from '../../fleet/watch-choice.ts';
import { gatewaySettings } from '../../inventory/domain.ts';
import type { Inventory } from '../../inventory/model.ts';
import type { Watched } from '../../run/watch-host.ts';
import type { WatchOrder } from '../../run/watch-rounds.ts';
import { UsageError } from '../usage.ts';
import { lookoutsOf } from './roll-request.ts';

/** Throws UsageError where there is nobody to look, or nothing to look at. */
export function watchPlanOf(path: string, inventory: Inventory): Pick<WatchOrder, 'watchers' | 'watched'> {
  const { fleet } = readFleet(inventory);
  const gateways = [...fleet.gateways.values()].flatMap(({ name, internalAddress, host }) => {
    const probes = gatewaySettings(host).settings?.probes ?? [];
    return internalAddress === undefined ? [] : [{ name, via: internalAddress, probes }];
  });
  const isSpare = (name: string): boolean => fleet.gateways.get(name)?.addresses === 'at its twin';
  if (gateways.length === 0 || fleet.webservers.size === 0)
    throw new UsageError(
      `${path} has ${gateways.length === 0 ? 'no gateway to watch' : 'no webserver to look through its gateways'}`,
      `see gwfleet inventory ${path} --graph`,
    );
  const names = [...fleet.webservers.keys()];
  const lookouts = new Map(lookoutsOf(inventory, names).map(({ name, probes }) => [name, probes]));
  // What stands outside can be asked through any gateway.
  const common = gateways.map(({ probes }) => probes).find((probes) => probes.length > 0) ?? [];
  const able = names.filter((name) => lookouts.has(name) || common.length > 0);
  if (able.length === 0)
    throw new UsageError(
      `no webserver and no gateway of ${path} has probes: there is nothing to look at through a gateway`,
      'name something outside that always answers, under all: vars: probes: [{ tcp: "198.51.100.7:443" }]',
    );
  const through = gateways.filter(({ name }) => !isSpare(name));
  const chosen = chooseWatchers(
    through.map(({ name }) => name),
    able,
  );
  const watched = [...new Set([...chosen.values()].flat())].map((web): [string, readonly Watched[]] => [
    web,
    through.map(({ name, via, probes }) => ({
      gateway: name,
      via,
      probes: lookouts.get(web) ?? (probes.length > 0 ? probes : common),
      isOwn: chosen.get(name)?.includes(web) === true,
    })),
  ]);
  // What stands outside can be asked by anybody.
  const outside = common.length > 0 ? common : (lookouts.get(able[0] ?? '') ?? []);
  const spares = gateways
    .filter(({ name }) => isSpare(name))
    .map(({ name, probes }): [string, readonly Watched[]] => [
      name,
      [{ gateway: name, via: undefined, probes: probes.length > 0 ? probes : outside, isOwn: true }],
    ]);
  return {
    watchers: new Map([...chosen, ...spares.map(([name]): [string, readonly string[]] => [name, [name]])]),
    watched: new Map([...watched, ...spares]),
  };
}

/** Gateway -> how many webservers leave through it. */
export function carriedOf(inventory: Inventory): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const gateway of readFleet(inventory).fleet.assigned.values())
    counts.set(gateway, (counts.get(gateway) ?? 0) + 1);
  return counts;
}
