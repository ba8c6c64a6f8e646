/**
 * The inventory file itself: from its YAML tree to groups and hosts with what was written for each. Follows Ansible's
 * order (plugins/inventory/yaml.py), since order decides who wins. Where Ansible skips with a warning or drops the
 * whole file, this reports and reads on, so that all mistakes are found at once.
 */
import type { Diagnostic, Place } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { kindOf } from '../source/value.ts';
import type { SourceEntry, SourceNode } from '../source/yaml-document.ts';
import {
  addChild,
  addGroup,
  addMember,
  type Draft,
  type DraftGroup,
  type DraftHost,
  emptyDraft,
  reconcile,
} from './group-graph.ts';
import { readHostKey } from './host-names.ts';

interface Reading {
  readonly draft: Draft;
  readonly diagnostics: Diagnostic[];
}

/** Groups and hosts of a file, with Ansible's rules about `all` and `ungrouped` already applied. */
export function readInventoryTree(root: SourceNode): Reading {
  const reading: Reading = { draft: emptyDraft(), diagnostics: [] };
  if (root.entries === undefined || root.entries.length === 0) {
    report(reading, root.place, {
      message:
        root.value === null || root.entries
          ? 'the inventory is empty'
          : `an inventory is a mapping of groups, and this is ${kindOf(root.value)}`,
      hint: 'begin with `all:` or with the name of a group',
    });
    return reading;
  }
  const plugin = root.entries.find(({ key, node }) => key === 'plugin' && node.value !== null);
  if (plugin !== undefined) {
    report(reading, plugin.keyPlace, {
      message: 'this configures an inventory plugin and is not an inventory',
      hint: 'give gwfleet the result: ansible-inventory -i FILE --list --yaml --export',
    });
    return reading;
  }
  for (const entry of root.entries) readGroup(reading, entry);
  finish(reading);
  return reading;
}

function readGroup(reading: Reading, entry: SourceEntry): DraftGroup | undefined {
  const { key, keyPlace, node } = entry;
  if (!entry.keyIsText || key === '') {
    report(reading, keyPlace, {
      message: `the name of a group must be text, and this is not`,
      hint: `quote it: "${key}"`,
    });
    return undefined;
  }
  if (node.value !== null && node.entries === undefined) {
    report(reading, node.place, {
      message: `the group '${key}' must be a mapping, and this is ${kindOf(node.value)}`,
      hint: 'a group has `hosts:`, `vars:` and `children:`',
    });
    return undefined;
  }
  const group = addGroup(reading.draft.groups, key, keyPlace);
  for (const section of node.entries ?? []) readSection(reading, group, section);
  return group;
}

const sections = ['hosts', 'vars', 'children'];

function readSection(reading: Reading, group: DraftGroup, section: SourceEntry): void {
  if (!sections.includes(section.key)) {
    report(reading, section.keyPlace, {
      message: `unknown key '${section.key}' in the group '${group.name}'`,
      hint: didYouMean(section.key, sections) ?? unknownHint(section),
    });
    return;
  }
  for (const entry of entriesOf(reading, group, section)) {
    if (section.key === 'vars') setGroupVariable(reading, group, entry);
    else if (section.key === 'hosts') readHosts(reading, group, entry);
    else readChild(reading, group, entry);
  }
}

function unknownHint({ key, node }: SourceEntry): string {
  return node.entries === undefined && node.value !== null
    ? `variables of a group stand under \`vars:\``
    : `a group has only hosts, vars and children; is '${key}' meant to stand under one of them?`;
}

/** A bare string means one: `hosts: test5`. */
function entriesOf(reading: Reading, group: DraftGroup, { key, node }: SourceEntry): readonly SourceEntry[] {
  if (node.entries !== undefined) return node.entries;
  if (node.value === null) return [];
  if (typeof node.value === 'string') {
    return [
      { key: node.value, keyIsText: true, keyPlace: node.place, node: { value: null, place: node.place } },
    ];
  }
  report(reading, node.place, {
    message: `'${key}' of the group '${group.name}' must be a mapping, and this is ${kindOf(node.value)}`,
    hint:
      node.items === undefined
        ? `write one ${key === 'vars' ? 'variable' : 'name'} a line`
        : 'end each name with a colon, without a dash: `gw1:`',
  });
  return [];
}

function setGroupVariable(reading: Reading, group: DraftGroup, { key, node }: SourceEntry): void {
  if (key !== 'ansible_group_priority') {
    group.variables.set(key, node);
    return;
  }
  const priority =
    typeof node.value === 'string' && /^\s*[-+]?\d+\s*$/.test(node.value) ? Number(node.value) : node.value;
  if (typeof priority === 'number' || typeof priority === 'boolean')
    group.priority = Math.trunc(Number(priority));
  else
    report(reading, node.place, {
      message: `ansible_group_priority must be a whole number, and this is ${kindOf(node.value)}`,
    });
}

function readChild(reading: Reading, group: DraftGroup, entry: SourceEntry): void {
  if (entry.key === 'ungrouped' && group.name !== 'all') {
    report(reading, entry.keyPlace, {
      message: `'ungrouped' cannot be in the group '${group.name}': it is for hosts in no group`,
      hint: 'give these hosts a group of their own; Ansible would lose some of them',
    });
    return;
  }
  const child = readGroup(reading, entry);
  if (child === undefined || addChild(group, child)) return;
  report(reading, entry.keyPlace, {
    message: `the group '${child.name}' contains itself: '${group.name}' is in it already`,
    hint: 'take it out at one of the two places',
    ...(child.place === undefined
      ? {}
      : { related: [{ message: `'${child.name}' begins here`, place: child.place }] }),
  });
}

function readHosts(
  reading: Reading,
  group: DraftGroup,
  { key, keyIsText, keyPlace, node }: SourceEntry,
): void {
  if (!keyIsText || key === '') {
    report(reading, keyPlace, {
      message: 'the name of a host must be text, and this is not',
      hint: `quote it: "${key}"`,
    });
    return;
  }
  const read = readHostKey(key);
  if ('problem' in read) {
    report(reading, keyPlace, {
      message: read.problem,
      ...(read.hint === undefined ? {} : { hint: read.hint }),
    });
    return;
  }
  if (node.value !== null && node.entries === undefined) {
    report(reading, node.place, {
      message: `the variables of '${key}' must be a mapping, and this is ${kindOf(node.value)}`,
      hint: `write \`${key}: { ansible_host: ... }\`, or nothing after the colon`,
    });
    return;
  }
  for (const name of read.names) {
    const host = addHost(reading, { name, place: keyPlace, port: read.port });
    addMember(group, host);
    for (const variable of node.entries ?? []) host.variables.set(variable.key, variable.node);
  }
}

/** As in Ansible, the port in a key counts only where the host is named first. */
function addHost(
  { draft }: Reading,
  { name, place, port }: { name: string; place: Place; port: number | undefined },
): DraftHost {
  const known = draft.hosts.get(name);
  if (known !== undefined) return known;
  const host: DraftHost = { name, place, groups: new Set(), variables: new Map() };
  if (port !== undefined) host.variables.set('ansible_port', { value: port, place });
  draft.hosts.set(name, host);
  return host;
}

function finish(reading: Reading): void {
  const { draft } = reading;
  for (const group of reconcile(draft)) {
    report(reading, group.place, {
      message: `the group '${group.name}' contains 'all', and 'all' contains every group`,
    });
  }
  for (const host of draft.hosts.values()) {
    const group = draft.groups.get(host.name);
    if (group === undefined) continue;
    report(reading, host.place, {
      message: `'${host.name}' is a host and a group`,
      hint: 'rename one of them; Ansible would lose the host',
      ...(group.place === undefined ? {} : { related: [{ message: 'the group', place: group.place }] }),
    });
  }
}

function report(
  reading: Reading,
  place: Place | undefined,
  text: Omit<Diagnostic, 'severity' | 'place'>,
): void {
  reading.diagnostics.push({ severity: 'error', ...(place === undefined ? {} : { place }), ...text });
}
