/** Looks at hosts -> what `status` tells. Pure: the same looks and memory give the same answer. */
import type { Fleet, Gateway } from '../fleet/model.ts';
import { type Pending, readPending } from '../guard/pending.ts';
import type { HostDrain } from '../plan/drain.ts';
import type { Sight } from '../plan/probe.ts';
import { reusesPorts } from '../tasks/conntrack-size.ts';
import { alarmsOf } from './alarms.ts';
import type { HostWait } from './drift.ts';
import { poolStatus, tableStatus, worse } from './fill.ts';
import { growthSince, type LookMemory, type Remembered } from './growth.ts';
import type {
  Alarm,
  Carried,
  DrainStatus,
  Drift,
  FleetStatus,
  GatewayStatus,
  Level,
  WebserverStatus,
} from './model.ts';
import { type GatewaySeen, readGateway } from './seen.ts';

/** The frame of `script.ts` in the outputs of a sight. */
export const statusFrame = 'status';

export type HostLook =
  | {
      readonly kind: 'seen';
      readonly sight: Sight;
      readonly drift: Drift;
      readonly drains: readonly HostDrain[];
      readonly waits: readonly HostWait[];
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'unseen';
      readonly result: 'unreachable' | 'failed';
      readonly why: string;
      readonly hint?: string;
    };

/** Something that a run waits for now: addresses, `, ` between them. */
export interface LiveWait {
  readonly host: string;
  readonly what: string;
  readonly untilMs: number;
}

export interface Looks {
  readonly at: string;
  readonly inventory: string;
  readonly fleet: Fleet;
  /** Only of hosts that were asked. */
  readonly hosts: ReadonlyMap<string, HostLook>;
  readonly memory: LookMemory;
  readonly live: readonly LiveWait[];
}

export function fleetStatus(looks: Looks): FleetStatus {
  const { fleet, hosts, at, inventory } = looks;
  const asked = <Role extends { name: string }>(roles: ReadonlyMap<string, Role>): readonly Role[] =>
    [...roles.values()].filter(({ name }) => hosts.has(name));
  const webservers = asked(fleet.webservers).map(({ name }) => webserverStatus(name, looks));
  const names = webserverNames(looks);
  const gateways = asked(fleet.gateways).map((gateway) => gatewayStatus(gateway, looks, names));
  const alarms = alarmsOf({ gateways, webservers, inventory });
  return {
    v: 1,
    at,
    inventory,
    level: alarms.reduce((level: Level, alarm: Alarm) => worse(level, alarm.level), 'ok'),
    fullest: fullestOf(gateways),
    gateways,
    webservers,
    drains: [
      ...webservers.flatMap((one) => webserverDrains(one, gateways, looks)),
      ...gateways.flatMap((gateway) => leavingAddresses(gateway, looks)),
    ],
    alarms,
  };
}

/** What the next look needs of this one. Hosts that were not seen keep what was known of them. */
export function rememberedOf({ hosts, fleet, at, memory }: Looks): LookMemory {
  const fresh = [...hosts].flatMap(([name, look]): readonly [string, Remembered][] =>
    look.kind === 'seen' && fleet.gateways.has(name)
      ? [[name, rememberOne(seenOf(look.sight), look.sight, at)]]
      : [],
  );
  return { ...memory, ...Object.fromEntries(fresh) };
}

function rememberOne({ counters, leaked, pass }: GatewaySeen, { facts }: Sight, at: string): Remembered {
  return { at, bootId: facts.bootId, counters, leaked, unnatted: pass?.unnatted ?? null };
}

function gatewayStatus(gateway: Gateway, looks: Looks, names: ReadonlyMap<string, string>): GatewayStatus {
  const { name, state, pool } = gateway;
  const look = looks.hosts.get(name);
  const seen = look?.kind === 'seen' ? seenOf(look.sight) : nothingSeen;
  const kernel = look?.kind === 'seen' ? look.sight.facts.kernel : '';
  const now = look?.kind === 'seen' ? rememberOne(seen, look.sight, looks.at) : nothingRemembered;
  return {
    ...hostStatus(name, look),
    state,
    table: tableStatus(seen),
    addresses: poolStatus(seen, { pool, reuses: reusesPorts(kernel) }),
    counters: seen.counters,
    growth: growthSince(now, looks.memory[name]),
    leakGuard: seen.leaked,
    unnatted: seen.pass?.unnatted ?? null,
    assigned: [...looks.fleet.assigned.values()].filter((one) => one === name).length,
    carried: carriedBy(seen, names),
    lookCpuSeconds: seen.cpuSeconds,
    hidden: seen.pass?.hidden ?? 0,
  };
}

function carriedBy({ clients }: GatewaySeen, names: ReadonlyMap<string, string>): readonly Carried[] {
  return clients
    .map(({ address, entries, live }) => ({ webserver: names.get(address) ?? null, address, entries, live }))
    .toSorted((a, b) => b.live - a.live || b.entries - a.entries || (a.address < b.address ? -1 : 1));
}

function webserverStatus(name: string, looks: Looks): WebserverStatus {
  const look = looks.hosts.get(name);
  const stdout = look?.kind === 'seen' ? (look.sight.outputs.get(statusFrame)?.stdout ?? '') : '';
  const hop = /^route default via (\S+)/m.exec(stdout)?.[1];
  const owner = [...looks.fleet.gateways.values()].find(({ internalAddress }) => internalAddress === hop);
  const gateway = looks.fleet.assigned.get(name) ?? null;
  return { ...hostStatus(name, look), gateway, via: hop === undefined ? null : (owner?.name ?? hop) };
}

function hostStatus(host: string, look: HostLook | undefined) {
  if (look?.kind === 'seen') {
    const pending = readPending(look.sight.outputs.get(statusFrame)?.stdout ?? '');
    const { drift, notes } = look;
    return { host, result: 'seen', why: null, hint: null, drift, notes, pending } as const;
  }
  const result = look?.result ?? 'failed';
  const nothing = { drift: { changes: [], unknown: null }, notes: [], pending: noPending };
  return { host, result, why: look?.why ?? 'not looked at', hint: look?.hint ?? null, ...nothing };
}

/** Drains that the host says it is in, and connections that were left behind by a route that moved without one. */
function webserverDrains(
  { host, via }: WebserverStatus,
  gateways: readonly GatewayStatus[],
  { hosts, fleet }: Looks,
): readonly DrainStatus[] {
  const look = hosts.get(host);
  const said = look?.kind === 'seen' ? look.drains : [];
  return gateways.flatMap((gateway): readonly DrainStatus[] => {
    const hop = fleet.gateways.get(gateway.host)?.internalAddress ?? '';
    const drain = said.find(({ draining }) => draining.gateways.includes(hop))?.draining;
    const live = gateway.carried
      .filter(({ webserver }) => webserver === host)
      .reduce((sum, carried) => sum + carried.live, 0);
    if (drain === undefined && (via === null || gateway.host === via || live === 0)) return [];
    const end =
      drain === undefined
        ? { secondsLeft: null, atDeadline: null, deadlineSeconds: null }
        : {
            secondsLeft: secondsLeft(drain),
            atDeadline: drain.atDeadline,
            deadlineSeconds: drain.deadlineSeconds,
          };
    return [{ kind: 'webserver', name: host, gateway: gateway.host, live, ...end }];
  });
}

function secondsLeft({ deadlineSeconds, elapsedSeconds }: HostDrain['draining']): number | null {
  return elapsedSeconds === null ? null : Math.max(0, deadlineSeconds - elapsedSeconds);
}

/** The deadline is the playbook's; how much of it is left is known where a run waits. */
function leavingAddresses({ host, addresses }: GatewayStatus, { hosts, live, at }: Looks) {
  const look = hosts.get(host);
  const waits = look?.kind === 'seen' ? look.waits : [];
  const names = (what: string, address: string): boolean => what.split(', ').includes(address);
  return addresses
    .filter(({ state }) => state === 'leaving')
    .map(({ address, entries, closed }): DrainStatus => {
      const wait = waits.find(({ what }) => names(what, address));
      const run = live.find((one) => one.host === host && names(one.what, address));
      const left = run === undefined ? null : Math.ceil((run.untilMs - Date.parse(at)) / 1000);
      return {
        ...{ kind: 'address', name: address, gateway: host, live: entries - closed },
        secondsLeft: left === null ? null : Math.max(0, left),
        atDeadline: wait?.atDeadline ?? null,
        deadlineSeconds: wait?.deadlineSeconds ?? null,
      };
    });
}

function fullestOf(gateways: readonly GatewayStatus[]): FleetStatus['fullest'] {
  const all = gateways.flatMap(({ host, addresses }) =>
    addresses.flatMap(({ address, busiest }) =>
      busiest === null ? [] : [{ gateway: host, address, fill: busiest }],
    ),
  );
  return all.toSorted((a, b) => b.fill.share - a.fill.share)[0] ?? null;
}

/** By every address that a webserver says it has; by the inventory where it was not asked or not seen. */
function webserverNames({ fleet, hosts }: Looks): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name, managementAddress } of fleet.webservers.values())
    if (managementAddress !== undefined) names.set(managementAddress, name);
  for (const { name } of fleet.webservers.values()) {
    const look = hosts.get(name);
    if (look?.kind !== 'seen') continue;
    for (const { addresses } of look.sight.facts.interfaces)
      for (const { address } of addresses) if (address !== '127.0.0.1') names.set(address, name);
  }
  return names;
}

function seenOf(sight: Sight): GatewaySeen {
  const output = sight.outputs.get(statusFrame);
  return output === undefined ? nothingSeen : readGateway(output);
}

const nothingSeen: GatewaySeen = {
  ...{ table: null, counters: null, leaked: null, pass: null, addresses: [], fills: [], clients: [] },
  cpuSeconds: null,
};
const nothingRemembered: Remembered = { at: '', bootId: '', counters: null, leaked: null, unnatted: null };
const noPending: Pending = { lock: null, guard: null };
