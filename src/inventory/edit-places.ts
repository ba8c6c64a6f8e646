/**
 * Where the text of an inventory speaks of a host: every mapping `hosts:` of every group with its entries. Aliases are
 * not followed; what they bring is not at this place.
 */
import { type Entry, keyOf, type Mapping, mappingOf } from '../source/yaml-splice.ts';

export interface HostsSection {
  readonly group: string;
  readonly groupEntry: Entry;
  /** The entry `hosts:` itself. */
  readonly entry: Entry;
}

export interface HostEntry {
  readonly group: string;
  /** The mapping of hosts that it stands in. */
  readonly hosts: Mapping;
  readonly entry: Entry;
}

/** In file order. */
export function hostsSections(root: Mapping | undefined): readonly HostsSection[] {
  return groupsIn(root).flatMap(({ group, entry: groupEntry }) =>
    sectionsOf(groupEntry, 'hosts').map((entry) => ({ group, groupEntry, entry })),
  );
}

/** Every group's entry, wherever the group is named. */
export function groupsIn(root: Mapping | undefined): readonly { group: string; entry: Entry }[] {
  return entriesOf(root).flatMap((entry) => [
    { group: keyOf(entry), entry },
    ...sectionsOf(entry, 'children').flatMap((children) => groupsIn(mappingOf(children))),
  ]);
}

/** The entries whose key is the host's name. A range that contains it is none. */
export function entriesOfHost(root: Mapping | undefined, name: string): readonly HostEntry[] {
  return hostsSections(root).flatMap(({ group, entry: section }) => {
    const hosts = mappingOf(section);
    const own = entriesOf(hosts).filter((entry) => nameIn(entry) === name);
    return hosts === undefined ? [] : own.map((entry) => ({ group, hosts, entry }));
  });
}

export function entriesOf(mapping: Mapping | undefined): readonly Entry[] {
  return mapping?.items ?? [];
}

/** `gw1:2222` is gw1. */
function nameIn(entry: Entry): string {
  return keyOf(entry).replace(/^([^:[\]]+):\d+$/, '$1');
}

function sectionsOf(group: Entry, section: string): readonly Entry[] {
  return entriesOf(mappingOf(group)).filter((entry) => keyOf(entry) === section);
}
