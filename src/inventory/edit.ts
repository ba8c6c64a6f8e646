/**
 * Changes that commands write into the user's inventory: a gateway's state, a gateway more, a host less. Every other
 * byte stays. What is written is read again and must mean exactly what was wanted; where it does not (a shared anchor,
 * a range), nothing is changed and the user is told the line to write.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Files } from '../source/files.ts';
import {
  inserted,
  isEmpty,
  keyOf,
  lineOf,
  mappingOf,
  openText,
  removed,
  replaced,
  type Splice,
  spliced,
} from '../source/yaml-splice.ts';
import { sameMeaning, type Wish, withText } from './edit-meaning.ts';
import { entriesOf, entriesOfHost, groupsIn, hostsSections } from './edit-places.ts';
import type { Inventory } from './model.ts';
import { readInventory } from './read-inventory.ts';

export type { Wish };

/** The file to write (not always the inventory: a `host_vars` file may have the last word), or why not. */
export type Edit = { readonly path: string; readonly text: string } | { readonly problem: Diagnostic };

/** `inventory` is the path as the user typed it. A wish that is fulfilled already gives the text as it is. */
export function edited(files: Files, inventory: string, wish: Wish): Edit {
  const before = readInventory(files, inventory).inventory;
  const path = before === undefined ? inventory : fileOf(before, wish);
  const reading = files.read(path);
  if (before === undefined || reading.kind !== 'text')
    return refused(wish, `${path} cannot be read back`, path);
  const text = path === inventory ? inInventory(reading.text, wish) : inVariables(reading.text, wish);
  if (text === undefined) return refused(wish, reasonFor(before, wish), path);
  const after = readInventory(withText(files, path, text), inventory);
  if (after.inventory === undefined || !sameMeaning(before, after.inventory, wish))
    return refused(wish, 'the line could not be changed without changing what others say', path);
  return { path, text };
}

/** Where the value that wins was written, if that is the host's own file; else the inventory. */
function fileOf({ file, hosts }: Inventory, wish: Wish): string {
  if (wish.kind !== 'set') return file;
  const place = hosts.get(wish.host)?.places.get(wish.variable);
  return place !== undefined && /(?:^|\/)host_vars\//.test(place.file) ? place.file : file;
}

function inVariables(text: string, wish: Wish): string | undefined {
  const open = openText(text);
  if (wish.kind !== 'set' || open.root === undefined) return undefined;
  const own = entriesOf(open.root).find((entry) => keyOf(entry) === wish.variable);
  return own === undefined ? undefined : spliced(text, replaced(open, own, wish.value));
}

function inInventory(text: string, wish: Wish): string | undefined {
  switch (wish.kind) {
    case 'set':
      return withVariable(text, wish);
    case 'add':
      return withHost(text, wish);
    case 'remove':
      return withoutHost(text, wish.host);
  }
}

/** Every entry of the host that has the variable gets the value; where none has it, the last entry does. */
function withVariable(
  text: string,
  { host, variable, value }: Extract<Wish, { kind: 'set' }>,
): string | undefined {
  const open = openText(text);
  const entries = entriesOfHost(open.root, host).map(({ entry }) => entry);
  const named = entries.flatMap((entry) =>
    entriesOf(mappingOf(entry)).filter((own) => keyOf(own) === variable),
  );
  if (named.length > 0)
    return applied(
      text,
      named.map((own) => replaced(open, own, value)),
    );
  const target = entries.find((entry) => mappingOf(entry) !== undefined) ?? entries[0];
  if (target === undefined) return undefined;
  const mapping = mappingOf(target);
  if (mapping !== undefined) return spliced(text, inserted(open, mapping, [variable, value]));
  return isEmpty(target) ? spliced(text, replaced(open, target, { [variable]: value })) : undefined;
}

function withHost(
  text: string,
  { host, group, variables }: Extract<Wish, { kind: 'add' }>,
): string | undefined {
  const open = openText(text);
  const sections = hostsSections(open.root).filter((section) => section.group === group);
  const filled = sections.map(({ entry }) => mappingOf(entry)).find((hosts) => hosts !== undefined);
  if (filled !== undefined) return spliced(text, inserted(open, filled, [host, variables]));
  const bare = sections.find(({ entry }) => isEmpty(entry))?.entry;
  if (bare !== undefined) return spliced(text, replaced(open, bare, { [host]: variables }));
  const owner = groupsIn(open.root).find((one) => one.group === group)?.entry;
  if (owner === undefined || sections.length > 0) return undefined;
  const mapping = mappingOf(owner);
  if (mapping !== undefined) return spliced(text, inserted(open, mapping, ['hosts', { [host]: variables }]));
  return isEmpty(owner) ? spliced(text, replaced(open, owner, { hosts: { [host]: variables } })) : undefined;
}

function withoutHost(text: string, host: string): string | undefined {
  const open = openText(text);
  const entries = entriesOfHost(open.root, host);
  return entries.length === 0
    ? undefined
    : applied(
        text,
        entries.map(({ hosts, entry }) => removed(open, hosts, entry)),
      );
}

/** From the end, so that the places before stay true. */
function applied(text: string, splices: readonly Splice[]): string {
  return splices.toSorted((one, other) => other.from - one.from).reduce(spliced, text);
}

function reasonFor({ hosts, file }: Inventory, wish: Wish): string {
  const place = hosts.get(wish.host)?.place;
  if (wish.kind === 'add') return `the group '${wish.group}' has no place for a host in ${file}`;
  return place === undefined
    ? `${wish.host} does not stand in ${file}`
    : `${wish.host} has no line of its own in ${file}: line ${place.line} brings it`;
}

function refused(wish: Wish, why: string, path: string): Edit {
  return { problem: { severity: 'error', message: `${path} is left as it is: ${why}`, hint: byHand(wish) } };
}

function byHand(wish: Wish): string {
  if (wish.kind === 'remove') return `take ${wish.host} out of it by hand`;
  const variables = wish.kind === 'set' ? { [wish.variable]: wish.value } : wish.variables;
  const group = wish.kind === 'set' ? 'the hosts of its group' : `the hosts of ${wish.group}`;
  return `write by hand, under ${group}: \`${lineOf(wish.host, variables)}\``;
}
