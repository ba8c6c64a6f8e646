/**
 * The fleet behind an inventory: which gateways carry which pools in which state, which webservers leave through whom.
 */
import type { Host } from '../inventory/model.ts';

export type GatewayState = 'active' | 'standby' | 'draining';

export interface Gateway {
  readonly name: string;
  readonly state: GatewayState;
  /** Single addresses in the order that numbers the aliases; empty when it could not be read. */
  readonly pool: readonly string[];
  readonly spread: string;
  /** The other gateway with the same pool, whichever of the two says so. */
  readonly twin: string | undefined;
  /** Who has the pool's addresses: a gateway that stands by for its twin has all of its configuration but them. */
  readonly addresses: 'here' | 'at its twin';
  /** The next hop for webservers: `internal_address`, else `ansible_host`, else the name; undefined: none is an address. */
  readonly internalAddress: string | undefined;
  readonly host: Host;
}

export interface Webserver {
  readonly name: string;
  /** As the user named it; undefined: `auto`. */
  readonly pinned: string | undefined;
  /** How we reach it, if that is an address and not a name. */
  readonly managementAddress: string | undefined;
  readonly host: Host;
}

export interface Fleet {
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly webservers: ReadonlyMap<string, Webserver>;
  /** Webserver -> the active gateway that it leaves through. */
  readonly assigned: ReadonlyMap<string, string>;
}
