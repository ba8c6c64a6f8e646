/**
 * What `status` tells, as data: the shape of `--json` and of every drawing. Fields may be added, none changes meaning
 * within version 1. Shares are of 1; sizes are counts; times are UTC.
 */
import type { GatewayState } from '../fleet/model.ts';
import type { Pending } from '../guard/pending.ts';
import type { Growth } from './growth.ts';
import type { Counters } from './seen.ts';

/** Fill: 0.7 warns, 0.8 is an alarm ("full"). Connection table: 0.7 and 0.85. */
export type Level = 'ok' | 'warning' | 'alarm';

/** How far ports of one address to one destination are used up. */
export interface Fill {
  readonly protocol: string;
  readonly destination: string;
  readonly port: number;
  /** Entries of the connection table, each a port of the address. */
  readonly entries: number;
  /** Of them closed; kernels from 6.5 on give their ports away, so that they are no reason for alarm there. */
  readonly closed: number;
  /** entries / 64,512 */
  readonly share: number;
  readonly level: Level;
}

export interface PoolAddress {
  readonly address: string;
  /** `leaving`: no longer in the pool of the inventory, and still carries connections. */
  readonly state: 'pool' | 'leaving';
  readonly entries: number;
  readonly closed: number;
  /** To its busiest destination; null: it carries nothing. */
  readonly busiest: Fill | null;
  /** The fullest three, the busiest first. */
  readonly fills: readonly Fill[];
}

export interface Carried {
  /** Name in the inventory, or null for a client that is none of its webservers. */
  readonly webserver: string | null;
  readonly address: string;
  readonly entries: number;
  /** Established, or (not TCP) answered for a while. */
  readonly live: number;
}

export interface Drift {
  /** What `apply` would change: lines of the plan. */
  readonly changes: readonly string[];
  /** Why it cannot be said. */
  readonly unknown: string | null;
}

interface HostStatus {
  readonly host: string;
  readonly result: 'seen' | 'unreachable' | 'failed';
  /** Why it could not be seen, and what to do. */
  readonly why: string | null;
  readonly hint: string | null;
  readonly drift: Drift;
  /** What the host does not let us set, and what that means; no apply can change it. */
  readonly notes: readonly string[];
  readonly pending: Pending;
}

export interface GatewayStatus extends HostStatus {
  readonly state: GatewayState;
  readonly table: {
    readonly entries: number;
    readonly max: number;
    readonly share: number;
    readonly level: Level;
  } | null;
  readonly addresses: readonly PoolAddress[];
  readonly counters: Counters | null;
  readonly growth: Growth;
  readonly leakGuard: number | null;
  /** Connections that leave with their internal address; null: not counted. */
  readonly unnatted: number | null;
  readonly assigned: number;
  readonly carried: readonly Carried[];
  /** CPU time that the look took on the host. */
  readonly lookCpuSeconds: number | null;
  /** A count of a destination may be too low by so many. */
  readonly hidden: number;
}

export interface WebserverStatus extends HostStatus {
  /** The gateway that the inventory gives it. */
  readonly gateway: string | null;
  /** The gateway that its default route leads to: its name, else the next hop, null: none. */
  readonly via: string | null;
}

export interface DrainStatus {
  readonly kind: 'webserver' | 'address';
  /** The webserver, or the pool address. */
  readonly name: string;
  /** The gateway that still carries its connections. */
  readonly gateway: string;
  readonly live: number;
  /**
   * Until this is done with what is left; null: nobody set a deadline, the host did not say, or (an address) no run of
   * this controller waits at the moment.
   */
  readonly secondsLeft: number | null;
  readonly atDeadline: 'leave' | 'cut' | null;
  /** How long it may take in all: of a webserver's drain, or how long each apply waits for an address. */
  readonly deadlineSeconds: number | null;
}

export interface Alarm {
  readonly level: 'warning' | 'alarm';
  readonly host: string;
  readonly text: string;
  readonly advice: string | null;
}

export interface FleetStatus {
  readonly v: 1;
  readonly at: string;
  readonly inventory: string;
  readonly level: Level;
  readonly fullest: { readonly gateway: string; readonly address: string; readonly fill: Fill } | null;
  readonly gateways: readonly GatewayStatus[];
  readonly webservers: readonly WebserverStatus[];
  readonly drains: readonly DrainStatus[];
  /** The worst first. */
  readonly alarms: readonly Alarm[];
}
