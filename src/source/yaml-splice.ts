/**
 * Small changes to a YAML text that leave every other byte alone: the document says where things stand, the text
 * itself is cut and joined. What a reader gets wrong: `Document.toString` keeps comments, but not the layout, so it is
 * not used. Each function gives one splice; whether the meaning is right is for the caller to read again.
 */
import { isMap, isScalar, type Node, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { quotedScalar } from './yaml-word.ts';

export type Mapping = YAMLMap<Scalar<string>, Node | null>;
export type Entry = Pair<Scalar<string>, Node | null>;

/** `text` in place of the characters from `from` up to `to`. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A text that is to be changed, and where things stand in it. */
export interface OpenText {
  readonly text: string;
  readonly root: Mapping | undefined;
  /** JSON stays JSON: every word is quoted, no comma is left over. */
  readonly json: boolean;
}

/** A value that is put in. */
export type NewValue = string | readonly string[] | { readonly [key: string]: NewValue };

export function openText(text: string): OpenText {
  const document = parseDocument(text, { schema: 'failsafe', keepSourceTokens: true, uniqueKeys: false });
  const root = document.contents;
  return { text, root: isMap(root) ? (root as Mapping) : undefined, json: isJson(text) };
}

export function spliced(text: string, { from, to, text: middle }: Splice): string {
  return `${text.slice(0, from)}${middle}${text.slice(to)}`;
}

/** The mapping under a key, or undefined when there is none (nothing, a word, an alias). */
export function mappingOf(entry: Entry | undefined): Mapping | undefined {
  return isMap(entry?.value) ? (entry.value as Mapping) : undefined;
}

export function keyOf(entry: Entry): string {
  return isScalar(entry.key) ? entry.key.value : '';
}

/** Nothing under the key: `gw1:`, `gw1: ~`, `gw1: null`. */
export function isEmpty({ value }: Entry): boolean {
  return value === null || (isScalar(value) && /^(?:|~|null)$/i.test(String(value.value)));
}

/** `key: value` as a person would write it on one line. */
export function lineOf(key: string, value: NewValue): string {
  return `${valueText(key, false)}: ${valueText(value, false)}`;
}

/** Another word in place of the value; a value that is not there yet comes behind the colon. */
export function replaced(open: OpenText, entry: Entry, value: NewValue): Splice {
  const text = valueText(value, open.json);
  const [from, to] = entry.value?.range ?? [0, 0];
  return from < to ? { from, to, text } : { from: colonEnd(entry), to: colonEnd(entry), text: ` ${text}` };
}

/** One entry more, behind the others and in their manner. */
export function inserted(
  open: OpenText,
  mapping: Mapping,
  [key, value]: readonly [string, NewValue],
): Splice {
  const written = `${valueText(key, open.json)}: ${valueText(value, open.json)}`;
  const [first, last] = [mapping.items[0], mapping.items.at(-1)];
  if (first === undefined || last === undefined) {
    const [from, to] = mapping.range ?? [0, 0];
    return { from: from + 1, to: to - 1, text: ` ${written} ` };
  }
  const indent = ownIndent(open.text, first);
  const end = contentEnd(last);
  if (mapping.flow !== true) {
    const at = lineEnd(open.text, end);
    const begun = open.text[at - 1] === '\n' ? '' : newline(open.text);
    return { from: at, to: at, text: `${begun}${indent ?? ''}${written}${newline(open.text)}` };
  }
  const comma = /^\s*,/.exec(open.text.slice(end))?.[0].length;
  const at = end + (comma ?? 0);
  const gap = indent === undefined ? ' ' : `${newline(open.text)}${indent}`;
  return {
    from: at,
    to: at,
    text: `${comma === undefined ? ',' : ''}${gap}${written}${comma === undefined ? '' : ','}`,
  };
}

/** An entry less: its lines where it has them for itself, else with one comma. */
export function removed(open: OpenText, mapping: Mapping, entry: Entry): Splice {
  const { text } = open;
  const [from, to] = [entry.key.range?.[0] ?? 0, contentEnd(entry)];
  const index = mapping.items.indexOf(entry);
  const begin = text.lastIndexOf('\n', from - 1) + 1;
  const alone = text.slice(begin, from).trim() === '';
  if (mapping.flow !== true) return { from: begin, to: lineEnd(text, to), text: '' };
  const rest = /^[ \t]*,?[ \t]*(?:#.*)?(?:\r?\n)/.exec(text.slice(to))?.[0];
  if (alone && rest !== undefined && !open.json) return { from: begin, to: to + rest.length, text: '' };
  const [before, after] = [mapping.items[index - 1], mapping.items[index + 1]];
  if (before !== undefined) return { from: contentEnd(before), to, text: '' };
  if (after !== undefined) return { from, to: after.key.range?.[0] ?? to, text: '' };
  return { from: (mapping.range?.[0] ?? 0) + 1, to: (mapping.range?.[1] ?? 0) - 1, text: '' };
}

/** A value as one piece of YAML (or JSON) on one line. */
function valueText(value: NewValue, json: boolean): string {
  if (typeof value === 'string') return quotedScalar(value, json ? 'json' : 'yaml');
  if (isList(value)) return `[${value.map((word) => valueText(word, json)).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, one]) => `${valueText(key, json)}: ${valueText(one, json)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function isList(value: NewValue): value is readonly string[] {
  return Array.isArray(value);
}

/** Behind the last character that means something: comments and empty lines do not. */
function contentEnd(entry: Entry): number {
  const { key, value } = entry;
  if (isMap(value) && value.flow !== true) {
    const last = value.items.at(-1) as Entry | undefined;
    if (last !== undefined) return contentEnd(last);
  }
  const end = value?.range?.[1] ?? 0;
  return value?.range == null || value.range[0] === end
    ? Math.max(key.range?.[1] ?? 0, colonEnd(entry))
    : end;
}

function colonEnd({ key, srcToken }: Entry): number {
  const tokens = srcToken === undefined ? [] : (srcToken.sep ?? []);
  const colon = tokens.find(({ type }) => type === 'map-value-ind');
  return colon === undefined ? (key.range?.[1] ?? 0) : colon.offset + 1;
}

/** The spaces before a key that begins its line; undefined when something stands before it. */
function ownIndent(text: string, { key }: Entry): string | undefined {
  const at = key.range?.[0] ?? 0;
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return before.trim() === '' && text.slice(0, at).includes('\n') ? before : undefined;
}

/** The begin of the next line. A block scalar ends there already. */
function lineEnd(text: string, at: number): number {
  if (text[at - 1] === '\n') return at;
  const next = text.indexOf('\n', at);
  return next === -1 ? text.length : next + 1;
}

function newline(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
