/**
 * What must be true between the hosts of a fleet before anything is touched: pools that do not meet, webservers with
 * a way out. All mistakes at once, each at the value that is wrong. What is wrong with one value alone is said by
 * inventory/domain.ts, what needs a host's facts by pool-place.ts.
 */
import { poolRanges } from '../address/pool.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import type { Fleet, Gateway, Webserver } from './model.ts';
import { overloadOf, webserverCounts } from './overload.ts';
import { managementAddress, settingPlace } from './setting.ts';
import { carrierOf, twinProblems } from './twin.ts';

export function fleetProblems(fleet: Fleet, inventory: Inventory): readonly Diagnostic[] {
  const gateways = [...fleet.gateways.values()];
  const webservers = [...fleet.webservers.values()];
  const carried = webserverCounts(fleet);
  return [
    ...gateways.flatMap(missingPool),
    ...twinProblems(fleet.gateways),
    ...sharedAddresses(gateways),
    ...foreignAddresses(gateways, inventory),
    ...sharedNextHops(gateways),
    ...webservers.flatMap((webserver) => doubleRole(webserver, fleet)),
    ...webservers.flatMap((webserver) => wrongPin(webserver, fleet)),
    ...nobodyActive(gateways, webservers),
    ...gateways.flatMap((gateway) => noNextHop(gateway, carried)),
    ...gateways.flatMap((gateway) => overload(gateway, carried)),
  ];
}

function missingPool({ host, twin }: Gateway): readonly Diagnostic[] {
  if (host.variables.has('snat_pool') || twin !== undefined) return [];
  const message = `the gateway ${host.name} has no snat_pool`;
  return [problem('error', { message, host, hint: 'snat_pool: 203.0.113.10-203.0.113.15' })];
}

/** One diagnostic for each pair of gateways, however many addresses they share. */
function sharedAddresses(gateways: readonly Gateway[]): readonly Diagnostic[] {
  const owners = new Map<string, Gateway>();
  const pairs = new Map<string, { first: Gateway; second: Gateway; addresses: string[] }>();
  for (const second of gateways) {
    for (const address of second.pool) {
      const first = owners.get(address);
      if (first === undefined) {
        owners.set(address, second);
        continue;
      }
      if (first.twin === second.name) continue;
      const key = `${first.name} ${second.name}`;
      const pair = pairs.get(key) ?? { first, second, addresses: [] };
      pair.addresses.push(address);
      pairs.set(key, pair);
    }
  }
  return [...pairs.values()].map(({ first, second, addresses }) => ({
    severity: 'error',
    message: `the pools of ${first.name} and ${second.name} both have ${shown(addresses)}`,
    place: settingPlace(second.host, 'snat_pool'),
    hint: 'an address belongs to one gateway; answers come back to its owner only',
    related: [{ message: `the pool of ${first.name}`, place: settingPlace(first.host, 'snat_pool') }],
  }));
}

/** A pool address by which we reach another host. */
function foreignAddresses(gateways: readonly Gateway[], inventory: Inventory): readonly Diagnostic[] {
  const owners = new Map<string, Host>();
  for (const host of inventory.hosts.values()) {
    const address = managementAddress(host);
    if (address !== undefined) owners.set(address, host);
  }
  for (const { internalAddress, host } of gateways)
    if (internalAddress !== undefined) owners.set(internalAddress, host);
  return gateways.flatMap((gateway) =>
    gateway.pool.flatMap((address) => {
      const owner = owners.get(address);
      if (owner === undefined || owner.name === gateway.name) return [];
      const message = `the pool of ${gateway.name} has ${address}, the address of ${owner.name}`;
      const related = [{ message: owner.name, place: settingPlace(owner, 'ansible_host') }];
      return [{ ...problem('error', { message, host: gateway.host, variable: 'snat_pool' }), related }];
    }),
  );
}

function sharedNextHops(gateways: readonly Gateway[]): readonly Diagnostic[] {
  const owners = new Map<string, Gateway>();
  return gateways.flatMap((gateway) => {
    const { internalAddress, host, name } = gateway;
    const first = internalAddress === undefined ? undefined : owners.get(internalAddress);
    if (internalAddress !== undefined && first === undefined) owners.set(internalAddress, gateway);
    if (first === undefined || internalAddress === undefined) return [];
    const message = `${first.name} and ${name} have the same internal address ${internalAddress}`;
    const variable = host.places.has('internal_address') ? 'internal_address' : 'ansible_host';
    return [problem('error', { message, host, variable })];
  });
}

function doubleRole({ host }: Webserver, fleet: Fleet): readonly Diagnostic[] {
  if (!fleet.gateways.has(host.name)) return [];
  const message = `${host.name} is a webserver and a gateway`;
  return [problem('error', { message, host, hint: 'take it out of one of the two groups' })];
}

function wrongPin({ pinned, host }: Webserver, fleet: Fleet): readonly Diagnostic[] {
  const gateway = carrierOf(pinned ?? '', fleet.gateways);
  if (pinned === undefined || gateway?.state === 'active') return [];
  const message =
    gateway === undefined
      ? `${host.name} wants to leave through '${pinned}', which is no gateway`
      : `${host.name} wants to leave through ${pinned}, which is ${gateway.state}`;
  const active = [...fleet.gateways.values()].filter(({ state }) => state === 'active');
  const names = active.map(({ name }) => name);
  const nearest = gateway === undefined ? didYouMean(pinned, names) : undefined;
  const hint = nearest ?? `'auto' or an active gateway: ${names.join(', ')}`;
  return [problem('error', { message, host, variable: 'gateway', hint })];
}

function nobodyActive(gateways: readonly Gateway[], webservers: readonly Webserver[]): readonly Diagnostic[] {
  const [first] = webservers;
  if (first === undefined || gateways.some(({ state }) => state === 'active')) return [];
  const count = webservers.length === 1 ? 'one webserver' : `${webservers.length} webservers`;
  const hint = gateways.length === 0 ? "add hosts to the group 'gateways'" : 'gateway_state: active';
  return [problem('error', { message: `${count} and no active gateway`, host: first.host, hint })];
}

type Carried = ReadonlyMap<string, number>;

function noNextHop({ name, host, internalAddress }: Gateway, carried: Carried): readonly Diagnostic[] {
  if (internalAddress !== undefined || !carried.has(name)) return [];
  const message = `the next hop for the webservers of ${name} is not known: '${name}' is not an address`;
  return [
    problem('error', { message, host, hint: 'set ansible_host or internal_address to its inside address' }),
  ];
}

function overload(gateway: Gateway, carried: Carried): readonly Diagnostic[] {
  const found = overloadOf(gateway, carried.get(gateway.name) ?? 0);
  return found === undefined
    ? []
    : [problem('warning', { ...found, host: gateway.host, variable: 'snat_pool' })];
}

function shown(addresses: readonly string[]): string {
  return poolRanges(addresses)
    .map(({ first, last }) => (first === last ? first : `${first}-${last}`))
    .join(', ');
}

interface Words {
  readonly message: string;
  readonly host: Host;
  readonly variable?: string;
  readonly hint?: string;
}

function problem(severity: Diagnostic['severity'], { message, host, variable, hint }: Words): Diagnostic {
  const place = variable === undefined ? host.place : settingPlace(host, variable);
  return { severity, message, place, ...(hint === undefined ? {} : { hint }) };
}
