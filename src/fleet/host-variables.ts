/**
 * What the fleet adds to the variables of its hosts for playbooks: defaults of the domain where nobody set anything,
 * and values that it worked out. `gateway` of a webserver is the *address* of its gateway here, `snat_pool` a list.
 */
import { domainDefaults } from '../inventory/domain.ts';
import type { Inventory, Value } from '../inventory/model.ts';
import type { Fleet } from './model.ts';

/** By host name, for the members of both groups. They win over the inventory's variables. */
export function hostVariables(
  fleet: Fleet,
  inventory: Inventory,
): ReadonlyMap<string, ReadonlyMap<string, Value>> {
  const found = new Map<string, ReadonlyMap<string, Value>>();
  for (const host of inventory.hosts.values()) {
    const worked = { ...gatewayValues(fleet, host.name), ...webserverValues(fleet, host.name) };
    if (!fleet.gateways.has(host.name) && !fleet.webservers.has(host.name)) continue;
    const defaults = Object.entries(domainDefaults).filter(([name]) => !host.variables.has(name));
    found.set(host.name, new Map([...defaults, ...Object.entries(worked)]));
  }
  return found;
}

function gatewayValues(fleet: Fleet, name: string): Readonly<Record<string, Value>> {
  const gateway = fleet.gateways.get(name);
  if (gateway === undefined) return {};
  const address = gateway.internalAddress === undefined ? {} : { internal_address: gateway.internalAddress };
  return gateway.pool.length === 0 ? address : { ...address, snat_pool: gateway.pool };
}

function webserverValues(fleet: Fleet, name: string): Readonly<Record<string, Value>> {
  const gateway = fleet.gateways.get(fleet.assigned.get(name) ?? '');
  if (gateway === undefined) return {};
  const address = gateway.internalAddress === undefined ? {} : { gateway: gateway.internalAddress };
  return { ...address, gateway_name: gateway.name };
}
