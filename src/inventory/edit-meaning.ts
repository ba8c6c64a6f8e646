/** What a change of an inventory may mean, and whether a changed text means exactly that and nothing more. */
import type { Files } from '../source/files.ts';
import type { Host, Inventory, Value } from './model.ts';

export type Wish =
  | { readonly kind: 'set'; readonly host: string; readonly variable: string; readonly value: string }
  | {
      readonly kind: 'add';
      readonly host: string;
      readonly group: string;
      readonly variables: Readonly<Record<string, string | readonly string[]>>;
    }
  | { readonly kind: 'remove'; readonly host: string };

export function sameMeaning(before: Inventory, after: Inventory, wish: Wish): boolean {
  const others = (inventory: Inventory): unknown => [
    [...inventory.hosts.values()].filter(({ name }) => name !== wish.host).map(meaningOf),
    [...inventory.groups.values()].map(({ name, hosts, children }) => [
      name,
      hosts.filter((host) => host !== wish.host),
      children,
    ]),
  ];
  return same(others(before), others(after)) && fulfilled(before.hosts.get(wish.host), after, wish);
}

/** The same files with another text in one of them. */
export function withText(files: Files, path: string, text: string): Files {
  return {
    read: (file) => (file === path ? { kind: 'text', text } : files.read(file)),
    list: (folder) => files.list(folder),
  };
}

function fulfilled(before: Host | undefined, { hosts }: Inventory, wish: Wish): boolean {
  const now = hosts.get(wish.host);
  if (wish.kind === 'remove') return now === undefined;
  if (now === undefined) return false;
  const wanted: Readonly<Record<string, Value>> =
    wish.kind === 'set' ? { [wish.variable]: wish.value } : wish.variables;
  const kept = new Map([...(before?.variables ?? []), ...Object.entries(wanted)]);
  const said = wish.kind === 'add' && before === undefined ? Object.keys(wanted) : [...kept.keys()];
  if (wish.kind === 'add' && !now.groups.includes(wish.group)) return false;
  return said.every((name) => same(now.variables.get(name), kept.get(name)));
}

function meaningOf({ name, groups, variables }: Host): unknown {
  return [name, groups, [...variables].toSorted(([one], [other]) => (one < other ? -1 : 1))];
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
