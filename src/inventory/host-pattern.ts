/**
 * Host patterns, for `hosts:` of a play and for `--limit`: names, groups, globs, `~regex`, `:&` and `:!`, separated by
 * `,` or `:`; unions first, then `&`, then `!`, wherever they stand, as in Ansible. Unlike there an element that
 * matches nothing is an error, also in `web:!typo`: a typo in `!production` would change production.
 */
import type { Diagnostic, Place } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import type { Inventory } from './model.ts';

export interface PatternContext {
  /** How to speak of the pattern: `--limit`, `hosts`. */
  readonly name: string;
  readonly place?: Place;
  /** What `@REFERENCE` stands for: elements, one a line of a file, or the hosts of `@last:failed`; or why not. */
  readonly reference?: (
    reference: string,
  ) => { readonly elements: readonly string[] } | { readonly problem: string; readonly hint?: string };
}

export interface Selection {
  /** Names of hosts, in the inventory's order within each element, without doubles. */
  readonly hosts: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The hosts that a pattern means. Several patterns (a list in `hosts:`) are joined with commas by the caller. */
export function selectHosts(inventory: Inventory, pattern: string, context: PatternContext): Selection {
  const diagnostics: Diagnostic[] = [];
  const report = (message: string, hint?: string) => {
    const text = `${context.name}: ${message}`;
    const place = context.place === undefined ? {} : { place: context.place };
    diagnostics.push({ severity: 'error', message: text, ...place, ...(hint === undefined ? {} : { hint }) });
  };
  const elements = resolved(split(pattern), { context, report, inventory });
  if (elements.length === 0 && diagnostics.length === 0)
    report('the pattern is empty', "'all' means every host");
  const parts = elements.map((element) => ({
    sign: signOf(element),
    hosts: matches(inventory, element, report),
  }));
  const plain = parts.filter(({ sign }) => sign === '');
  // Only `&` and `!` given: they cut down all hosts.
  const start =
    plain.length === 0 && parts.length > 0
      ? hostsOfGroup(inventory, 'all')
      : plain.flatMap(({ hosts }) => [...hosts]);
  const kept = parts.reduce<readonly string[]>(
    (hosts, { sign, hosts: these }) =>
      sign === '' ? hosts : hosts.filter((host) => these.has(host) === (sign === '&')),
    [...new Set(start)],
  );
  if (kept.length === 0 && diagnostics.length === 0) report(`'${pattern}' leaves no host`);
  return { hosts: kept, diagnostics };
}

/** All hosts of a group and of the groups in it, each once: its own first, then level by level. */
export function hostsOfGroup(inventory: Inventory, name: string): readonly string[] {
  const order = [name];
  const seen = new Set(order);
  for (const group of order) {
    for (const child of inventory.groups.get(group)?.children ?? []) {
      if (!seen.has(child)) order.push(child);
      seen.add(child);
    }
  }
  return [...new Set(order.flatMap((group) => inventory.groups.get(group)?.hosts ?? []))];
}

interface Resolving {
  readonly inventory: Inventory;
  readonly context: PatternContext;
  readonly report: (message: string, hint?: string) => void;
}

/** A colon separates, but not in brackets, in an IPv6 address, or after `@`: `@last:failed` is one element. */
function split(pattern: string): readonly string[] {
  const parts = pattern.split(',').flatMap((part) => {
    const text = part.trim();
    return looksLikeV6(text) ? [text] : (text.match(/[&!]?@.+|(?:\[[^\]]*\]?|[^:[\]\s])+/g) ?? []);
  });
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function looksLikeV6(text: string): boolean {
  return (
    /^[&!]?[0-9a-f:.]*::[0-9a-f:.]*$/i.test(text) || /^[&!]?(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$/i.test(text)
  );
}

function resolved(elements: readonly string[], { context, report, inventory }: Resolving): readonly string[] {
  return elements.flatMap((element) => {
    const sign = signOf(element);
    const name = element.slice(sign.length);
    if (!name.startsWith('@') || inventory.hosts.has(name)) return [element];
    const reading = context.reference?.(name.slice(1)) ?? { problem: `'${name}' cannot be used here` };
    if ('elements' in reading) return reading.elements.map((inner) => sign + inner);
    report(reading.problem, reading.hint);
    return [];
  });
}

function signOf(element: string): '' | '&' | '!' {
  return element.startsWith('&') ? '&' : element.startsWith('!') ? '!' : '';
}

function matches(inventory: Inventory, element: string, report: Resolving['report']): ReadonlySet<string> {
  const name = element.slice(signOf(element).length);
  if (inventory.hosts.has(name)) return new Set([name]);
  if (inventory.groups.has(name)) return new Set(hostsOfGroup(inventory, name));
  if (!name.startsWith('~') && /\[-?\d+\]$|\[\d*[:-]\d*(?::\d+)?\]/.test(name)) {
    report(`'${name}' has a subscript`, subscriptHint);
    return new Set();
  }
  const test = matcher(name);
  if (test === undefined) {
    report(`'${name}' is not a regular expression`);
    return new Set();
  }
  const known = [...inventory.hosts.keys(), ...inventory.groups.keys()];
  const found = [
    ...[...inventory.groups.keys()].filter(test).flatMap((group) => hostsOfGroup(inventory, group)),
    ...[...inventory.hosts.keys()].filter(test),
  ];
  const group = [...inventory.groups.keys()].some(test);
  if (found.length === 0 && !group)
    report(`'${name}' matches no host and no group`, didYouMean(name, known) ?? knownHint(inventory));
  return new Set(found);
}

/** Groups are few; hosts can be thousands. */
function knownHint({ groups, hosts }: Inventory): string {
  const named = [...groups.keys()].filter((name) => name !== 'ungrouped').slice(0, 8);
  return `it has ${hosts.size} hosts, and the groups ${named.join(', ')}`;
}

const subscriptHint =
  'in a pattern [a:b] counts positions in Ansible (gw[02:03] is the third and fourth host), not names; write the names, or a glob like gw0?';

/** A glob (`*`, `?`, `[abc]`, `[!abc]`) matches all of a name; a regex only has to match at its start. */
function matcher(name: string): ((text: string) => boolean) | undefined {
  try {
    const regex = name.startsWith('~')
      ? new RegExp(`^(?:${name.slice(1)})`)
      : new RegExp(`^${globSource(name)}$`, 's');
    return (text) => regex.test(text);
  } catch {
    return undefined;
  }
}

function globSource(glob: string): string {
  return glob.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length === 1) return part.replace(/[\\^$.|+()[\]{}]/, '\\$&');
    return part.replace(/\\/g, '\\\\').replace(/^\[!/, '[^');
  });
}
