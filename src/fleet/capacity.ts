/**
 * What a fleet can carry, by arithmetic alone: connections to one destination and new ones a second, each with the
 * knob that ends it. A connection is carried when the address's ports, the connection table and the webserver's own
 * ports all have room, so each gateway carries the least of the three.
 */
import { entriesInMemory, entryBytes, memoryForEntries, tableEntries } from '../address/pool-size.ts';
import { type Pool, portsPerWebserver, usablePorts } from './carrying.ts';
import type { Fleet, Gateway, GatewayState } from './model.ts';
import { shares } from './share.ts';

/** What limits: pool ports, the connection table, or the ports of the webservers themselves. */
export type Knob = 'pool ports' | 'conntrack' | 'webserver ports';

/** A gateway as far as capacity goes; a variant of one that does not exist yet is one, too. */
export interface Carrier extends Pool {
  readonly name: string;
  readonly state: GatewayState;
  /** Webservers that name this gateway. They stay without a way out when it is lost. */
  readonly pinned: number;
  /** Who takes its place when it is lost: a twin that stands by. */
  readonly heir?: string;
}

export interface Carriers {
  readonly gateways: readonly Carrier[];
  /** Webservers that go where there is room. */
  readonly free: number;
  readonly portsPerWebserver: number;
  /** Memory of each gateway, when it is known; it may keep the table smaller than the pool. */
  readonly memoryBytes: number | undefined;
}

export interface Limit {
  readonly connections: number;
  readonly knob: Knob;
}

export interface GatewayCapacity extends Limit {
  readonly name: string;
  readonly state: GatewayState;
  readonly spread: string;
  readonly addresses: number;
  readonly webservers: number;
  readonly limits: Readonly<Record<Knob, number>>;
  readonly table: Table;
}

export interface Table {
  readonly entries: number;
  /** What fits the pool; more than `entries` when the memory is too small for it. */
  readonly wanted: number;
  readonly fullBytes: number;
  readonly hostMemoryBytes: number;
}

export interface Loss {
  readonly gateway: string;
  readonly connections: number;
  /** Webservers that name the lost gateway and have no way out then. */
  readonly stranded: number;
}

export function carriersOf(fleet: Fleet, memoryBytes: number | undefined): Carriers {
  const pins = new Map<string, number>();
  for (const { pinned } of fleet.webservers.values())
    if (pinned !== undefined) pins.set(pinned, (pins.get(pinned) ?? 0) + 1);
  return {
    gateways: [...fleet.gateways.values()].map((gateway) => ({
      ...sizeOf(gateway),
      ...(gateway.twin !== undefined && gateway.addresses === 'here' ? { heir: gateway.twin } : {}),
      pinned: pins.get(gateway.name) ?? 0,
    })),
    free: [...fleet.webservers.values()].filter(({ pinned }) => pinned === undefined).length,
    portsPerWebserver,
    memoryBytes,
  };
}

function sizeOf({ name, state, pool, spread }: Gateway) {
  return { name, state, addresses: pool.length, spread };
}

/** Each gateway with its share of the webservers; those that are not active carry nobody. */
export function gatewayCapacities(carriers: Carriers): readonly GatewayCapacity[] {
  const counts = webserverCounts(carriers);
  return carriers.gateways.map((gateway) => {
    const webservers = counts.get(gateway.name) ?? 0;
    const table = tableOf(gateway.addresses, carriers.memoryBytes);
    const limits = {
      'pool ports': usablePorts(gateway),
      conntrack: table.entries,
      'webserver ports': webservers * carriers.portsPerWebserver,
    };
    const known = hasWebservers(carriers) || gateway.state !== 'active';
    const { name, state, spread, addresses } = gateway;
    return { name, state, spread, addresses, webservers, limits, table, ...least(limits, known) };
  });
}

/** An inventory without webservers still has pools: then only these count. */
function least(limits: Readonly<Record<Knob, number>>, webserversCount: boolean): Limit {
  const knobs: readonly Knob[] = webserversCount
    ? ['webserver ports', 'pool ports', 'conntrack']
    : ['pool ports', 'conntrack'];
  const [first, ...rest] = knobs.map((knob) => ({ knob, connections: limits[knob] }));
  return rest.reduce((low, one) => (one.connections < low.connections ? one : low), first as Limit);
}

export function totalConnections(carriers: Carriers): number {
  return gatewayCapacities(carriers)
    .filter(({ state }) => state === 'active')
    .reduce((sum, { connections }) => sum + connections, 0);
}

/** What is carried when the gateway whose loss hurts most is gone; undefined without an active gateway. */
export function worstLoss(carriers: Carriers): Loss | undefined {
  const byName = new Map(carriers.gateways.map((gateway) => [gateway.name, gateway]));
  const losses = oneOfEachKind(activeOf(carriers), byName).map(({ name, pinned, heir }): Loss => {
    const gateways = carriers.gateways
      .filter((gateway) => gateway.name !== name)
      .map((gateway) => (gateway.name === heir ? { ...gateway, state: 'active' as const, pinned } : gateway));
    const stranded = heir === undefined ? pinned : 0;
    return { gateway: name, stranded, connections: totalConnections({ ...carriers, gateways }) };
  });
  return losses.toSorted((a, b) => a.connections - b.connections)[0];
}

/** What tells gateways apart as far as capacity goes: a fleet of a thousand has a few kinds. */
export function kindOf(
  { addresses, spread, state, pinned, heir }: Carrier,
  byName: ReadonlyMap<string, Carrier>,
): string {
  const next = heir === undefined ? undefined : byName.get(heir);
  return [addresses, spread, state, pinned, next?.addresses, next?.spread, next?.state].join();
}

function oneOfEachKind(
  gateways: readonly Carrier[],
  byName: ReadonlyMap<string, Carrier>,
): readonly Carrier[] {
  const kinds = new Map<string, Carrier>();
  for (const gateway of gateways) {
    const kind = kindOf(gateway, byName);
    if (!kinds.has(kind)) kinds.set(kind, gateway);
  }
  return [...kinds.values()];
}

export function activeOf({ gateways }: Carriers): readonly Carrier[] {
  return gateways.filter(({ state, addresses }) => state === 'active' && addresses > 0);
}

function hasWebservers({ gateways, free }: Carriers): boolean {
  return free > 0 || gateways.some(({ pinned }) => pinned > 0);
}

/** By pool size, rounded so that they add up, as `auto` does it. */
function webserverCounts(carriers: Carriers): ReadonlyMap<string, number> {
  const active = activeOf(carriers);
  if (active.length === 0) return new Map();
  const exact = shares(
    carriers.free,
    active.map(({ addresses, pinned }) => ({ weight: addresses, load: pinned })),
  );
  const whole = exact.map((share) => Math.floor(share + 1e-9));
  const missing = carriers.free - whole.reduce((sum, one) => sum + one, 0);
  const byRest = exact.map((share, at) => ({ at, rest: share - (whole[at] ?? 0) }));
  const lucky = new Set(
    byRest
      .toSorted((a, b) => b.rest - a.rest || a.at - b.at)
      .slice(0, missing)
      .map(({ at }) => at),
  );
  return new Map(
    active.map(({ name, pinned }, at) => [name, pinned + (whole[at] ?? 0) + (lucky.has(at) ? 1 : 0)]),
  );
}

function tableOf(addresses: number, memoryBytes: number | undefined): Table {
  const wanted = tableEntries(addresses);
  const entries = memoryBytes === undefined ? wanted : Math.min(wanted, entriesInMemory(memoryBytes));
  return {
    entries,
    wanted,
    fullBytes: entries * entryBytes,
    hostMemoryBytes: memoryForEntries(wanted),
  };
}
