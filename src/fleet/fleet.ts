/**
 * The fleet from an inventory. Reading never fails: what is wrong is told by the diagnostics, and what could not be
 * read is empty.
 */
import type { Host, Inventory } from '../inventory/model.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { assignGateways } from './assignment.ts';
import { fleetProblems } from './invariant.ts';
import type { Fleet, Gateway, Webserver } from './model.ts';
import { addressSetting, managementAddress, poolSetting, stateSetting, textSetting } from './setting.ts';
import { carrierOf, paired, pairName } from './twin.ts';

export interface FleetReading {
  readonly fleet: Fleet;
  readonly diagnostics: readonly Diagnostic[];
}

export function readFleet(inventory: Inventory): FleetReading {
  const gateways = paired(membersOf(inventory, 'gateways').map(gatewayOf));
  const webservers = membersOf(inventory, 'webservers').map(webserverOf);
  const fleet = {
    gateways: new Map(gateways.map((gateway) => [gateway.name, gateway])),
    webservers: new Map(webservers.map((webserver) => [webserver.name, webserver])),
    assigned: assignedGateways(gateways, webservers),
  };
  return { fleet, diagnostics: fleetProblems(fleet, inventory) };
}

function membersOf(inventory: Inventory, group: string): readonly Host[] {
  return [...inventory.hosts.values()].filter(({ groups }) => groups.includes(group));
}

function gatewayOf(host: Host): Gateway {
  return {
    name: host.name,
    state: stateSetting(host),
    pool: poolSetting(host),
    spread: spreadOf(host),
    twin: undefined,
    addresses: 'here',
    internalAddress: addressSetting(host, 'internal_address') ?? managementAddress(host),
    host,
  };
}

/** The seed's style is the seed's recipe: the kernel chooses within the range, whatever `spread` says. */
function spreadOf(host: Host): string {
  return textSetting(host, 'ruleset_style') === 'seed'
    ? 'range'
    : (textSetting(host, 'spread') ?? 'connection');
}

function webserverOf(host: Host): Webserver {
  const written = textSetting(host, 'gateway') ?? 'auto';
  const pinned = written === 'auto' ? undefined : written;
  return { name: host.name, pinned, managementAddress: managementAddress(host), host };
}

/** Who leaves through whom when exactly these gateways are there. */
export function assignedGateways(
  gateways: readonly Gateway[],
  webservers: readonly Webserver[],
): ReadonlyMap<string, string> {
  const active = gateways.filter(({ state, pool }) => state === 'active' && pool.length > 0);
  const byName = new Map(gateways.map((gateway) => [gateway.name, gateway]));
  const byPair = new Map(active.map((gateway) => [pairName(gateway), gateway]));
  const pairOf = (name: string): string => {
    const carrier = carrierOf(name, byName);
    return carrier === undefined ? name : pairName(carrier);
  };
  const assigned = assignGateways(
    webservers.map(({ name, pinned }) => ({
      name,
      ...(pinned === undefined ? {} : { pinned: pairOf(pinned) }),
    })),
    [...byPair].map(([name, { pool }]) => ({ name, weight: pool.length })),
  );
  return new Map([...assigned].map(([name, pair]) => [name, byPair.get(pair)?.name ?? pair]));
}
