/**
 * The inventory after reading: hosts and groups in file order, each host with its resolved variables. Same hosts,
 * groups and variables as `ansible-inventory` gives.
 */
import type { Place } from '../source/diagnostic.ts';
import type { Value } from '../source/value.ts';
import type { SourceNode } from '../source/yaml-document.ts';

export type { Value };

export type Variables = ReadonlyMap<string, Value>;

export interface Host {
  readonly name: string;
  /** Names of the groups it is in, ancestors included, `all` first, then by depth as Ansible orders them. */
  readonly groups: readonly string[];
  readonly variables: Variables;
  /** Where each variable's winning value was written, for errors about values. */
  readonly places: ReadonlyMap<string, Place>;
  /** The winning values as written, for places inside them. Extra variables have none. */
  readonly nodes?: ReadonlyMap<string, SourceNode>;
  readonly place: Place;
}

export interface Group {
  readonly name: string;
  /** Direct members, in file order. */
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly place?: Place;
}

export interface Inventory {
  readonly file: string;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly groups: ReadonlyMap<string, Group>;
}
