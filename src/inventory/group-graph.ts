/**
 * Groups and hosts while a file is read. Depths are kept as Ansible keeps them (inventory/group.py), edge by edge,
 * because a group's depth decides whose variables win; a plain longest path is not always the same number.
 */
import type { Place } from '../source/diagnostic.ts';
import type { SourceNode } from '../source/yaml-document.ts';

/** Variables as written: name -> value with its place. */
export type WrittenVariables = Map<string, SourceNode>;

export interface DraftGroup {
  readonly name: string;
  readonly place?: Place;
  readonly hosts: Set<string>;
  readonly children: Set<DraftGroup>;
  readonly parents: Set<DraftGroup>;
  readonly variables: WrittenVariables;
  depth: number;
  priority: number;
}

export interface DraftHost {
  readonly name: string;
  readonly place: Place;
  readonly groups: Set<DraftGroup>;
  readonly variables: WrittenVariables;
  /** Taken out of `ungrouped`: its variables no longer reach the host, not even as those of an ancestor. */
  leftUngrouped?: true;
}

export interface Draft {
  readonly all: DraftGroup;
  readonly ungrouped: DraftGroup;
  readonly groups: Map<string, DraftGroup>;
  readonly hosts: Map<string, DraftHost>;
}

/** `all` and `ungrouped` exist by themselves. */
export function emptyDraft(): Draft {
  const groups = new Map<string, DraftGroup>();
  const all = addGroup(groups, 'all');
  const ungrouped = addGroup(groups, 'ungrouped');
  addChild(all, ungrouped);
  return { all, ungrouped, groups, hosts: new Map() };
}

/** The group of that name, made if it is not there yet. */
export function addGroup(groups: Map<string, DraftGroup>, name: string, place?: Place): DraftGroup {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const group: DraftGroup = {
    name,
    ...(place === undefined ? {} : { place }),
    hosts: new Set(),
    children: new Set(),
    parents: new Set(),
    variables: new Map(),
    depth: 0,
    priority: 1,
  };
  groups.set(name, group);
  return group;
}

/** Puts one group under another, unless that closes a circle: then nothing is done and the answer is false. */
export function addChild(parent: DraftGroup, child: DraftGroup): boolean {
  if (parent === child || ancestors(parent).has(child)) return false;
  if (parent.children.has(child)) return true;
  parent.children.add(child);
  child.parents.add(parent);
  child.depth = Math.max(parent.depth + 1, child.depth);
  deepen(child);
  return true;
}

export function addMember(group: DraftGroup, host: DraftHost): void {
  group.hosts.add(host.name);
  host.groups.add(group);
}

/** What Ansible does after reading: nobody is outside `all`, `ungrouped` has exactly those in no other group. */
export function reconcile({ all, ungrouped, groups, hosts }: Draft): readonly DraftGroup[] {
  const circular: DraftGroup[] = [];
  for (const group of groups.values()) {
    if (group !== all && group.parents.size === 0 && !addChild(all, group)) circular.push(group);
  }
  for (const host of hosts.values()) {
    const others = [...groupsOf(host)].filter((group) => group !== all && group !== ungrouped);
    if (others.length === 0) addMember(ungrouped, host);
    else if (host.groups.delete(ungrouped)) {
      ungrouped.hosts.delete(host.name);
      host.leftUngrouped = true;
    }
  }
  return circular;
}

/** All groups a host is in, ancestors included. */
export function groupsOf(host: DraftHost): ReadonlySet<DraftGroup> {
  const found = new Set(host.groups);
  for (const group of host.groups) for (const ancestor of ancestors(group)) found.add(ancestor);
  if (host.leftUngrouped) for (const group of found) if (group.name === 'ungrouped') found.delete(group);
  return found;
}

/** In the order in which their variables are laid over each other: the last wins. */
export function inOrder(groups: Iterable<DraftGroup>): readonly DraftGroup[] {
  return [...groups].sort(
    (left, right) =>
      left.depth - right.depth || left.priority - right.priority || (left.name < right.name ? -1 : 1),
  );
}

function ancestors(group: DraftGroup): Set<DraftGroup> {
  const found = new Set<DraftGroup>();
  const open = [...group.parents];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...next.parents);
  }
  return found;
}

/** Pushes the depth down level by level, and stops below a group that was deep enough already, as Ansible does. */
function deepen(group: DraftGroup): void {
  let depth = group.depth;
  let level = [...group.children];
  while (level.length > 0) {
    depth += 1;
    const below = new Set<DraftGroup>();
    for (const child of level) {
      if (child.depth >= depth) continue;
      child.depth = depth;
      for (const grandchild of child.children) below.add(grandchild);
    }
    level = [...below];
  }
}
