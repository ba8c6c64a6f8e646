/**
 * From the parser's nodes to SourceNodes: aliases, merges, tags, scalars and duplicate keys. The walk follows the
 * document's order, so an anchor is known exactly when YAML says it is; one inside itself never is. `weight` counts
 * what a value would be if every alias were written out, which is what an alias bomb is made of.
 */
import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Pair, type ParsedNode } from 'yaml';
import type { Diagnostic, Place } from './diagnostic.ts';
import { shownValue, type Value } from './value.ts';
import type { SourceEntry, SourceNode, YamlReading } from './yaml-document.ts';
import { readJsonScalar, readPlainScalar, type ScalarReading } from './yaml-scalars.ts';
import { taggedScalar, tagProblem } from './yaml-tags.ts';

/** Values after writing out all aliases; 5,000 hosts that share a mapping of twenty stay far below. */
const weightLimit = 1_000_000;

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  readonly json: boolean;
}

interface Walk extends Source {
  readonly anchors: Map<string, SourceNode>;
  readonly weights: Map<SourceNode, number>;
  readonly diagnostics: Diagnostic[];
  bomb: boolean;
}

type YamlPair = Pair<ParsedNode, ParsedNode | null>;

export function buildTree(contents: ParsedNode | null, source: Source): YamlReading {
  const walk: Walk = { ...source, anchors: new Map(), weights: new Map(), diagnostics: [], bomb: false };
  const start = { file: source.file, line: 1, col: 1 };
  const root = contents === null ? { value: null, place: start } : build(walk, contents, start);
  return { root, diagnostics: walk.diagnostics };
}

/** `above` is the place for a value that is not there at all: that of its key. */
function build(walk: Walk, node: ParsedNode | null, above: Place): SourceNode {
  if (node === null) return { value: null, place: above };
  if (isAlias(node)) return aliased(walk, node.source, placeOf(walk, node));
  const place = placeOf(walk, node);
  const built = construct(walk, node, { place, above });
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, built);
  const problem = tagProblem(node.tag, isScalar(node) ? 'scalar' : 'collection');
  if (problem !== undefined) report(walk, place, problem);
  return built;
}

function construct(walk: Walk, node: ParsedNode, at: { place: Place; above: Place }): SourceNode {
  if (isMap(node)) return mapping(walk, node.items, at.place);
  if (isSeq(node)) return list(walk, node.items, at.place);
  if (!isScalar(node)) return { value: null, place: at.place };
  const plain = node.type === 'PLAIN' ? node.source : undefined;
  const reading = scalar(walk, node.tag, { plain, text: String(node.value) });
  if ('problem' in reading) {
    report(walk, at.place, { message: reading.problem, hint: 'quote it if it is meant as text' });
    return { value: null, place: at.place };
  }
  const place = plain === '' && node.tag === undefined ? at.above : at.place;
  return { value: reading.value, place, ...(plain === undefined ? {} : { plain }) };
}

function scalar(
  walk: Walk,
  tag: string | undefined,
  { plain, text }: { plain: string | undefined; text: string },
): ScalarReading {
  if (tag !== undefined && tag !== '!') return taggedScalar(tag, text);
  if (plain === undefined) return { value: text };
  return walk.json ? readJsonScalar(plain) : readPlainScalar(plain);
}

function list(walk: Walk, nodes: readonly ParsedNode[], place: Place): SourceNode {
  const items = nodes.map((node) => build(walk, node, place));
  return weighed(walk, { value: items.map(({ value }) => value), place, items }, items);
}

function mapping(walk: Walk, pairs: readonly YamlPair[], place: Place): SourceNode {
  const own = new Map<string, SourceEntry>();
  const merges: SourceEntry[][] = [];
  for (const pair of pairs) {
    const keyPlace = placeOf(walk, pair.key);
    const node = build(walk, pair.value, keyPlace);
    if (isMerge(pair.key)) {
      merges.push(...merged(walk, node).reverse());
      continue;
    }
    const entry = { ...keyOf(walk, pair.key), keyPlace, node };
    const first = own.get(entry.key);
    if (first === undefined) own.set(entry.key, entry);
    else reportDuplicate(walk, first, entry);
  }
  const all = new Map(merges.flat().map((entry) => [entry.key, entry]));
  for (const [key, entry] of own) all.set(key, entry);
  const entries = [...all.values()];
  const value: Value = Object.fromEntries(entries.map(({ key, node }) => [key, node.value]));
  return weighed(
    walk,
    { value, place, entries },
    entries.map(({ node }) => node),
  );
}

function keyOf(walk: Walk, node: ParsedNode): { key: string; keyIsText: boolean } {
  if (isAlias(node)) {
    const target = aliased(walk, node.source, placeOf(walk, node)).value;
    return { key: jsonKey(target), keyIsText: typeof target === 'string' };
  }
  const text = isScalar(node) ? String(node.value) : '';
  const plain = isScalar(node) && node.type === 'PLAIN' && node.tag === undefined && !walk.json;
  const reading = plain ? readPlainScalar(text) : { value: text };
  const value = 'value' in reading ? reading.value : text;
  return { key: jsonKey(value), keyIsText: typeof value === 'string' };
}

/** As Python's json writes keys that are not text. */
function jsonKey(value: Value): string {
  return shownValue(value);
}

function isMerge(key: ParsedNode): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.value === '<<' && key.tag === undefined;
}

/** What one `<<` brings, source by source. Among them the earlier wins, so they are laid down in reverse. */
function merged(walk: Walk, source: SourceNode): SourceEntry[][] {
  const sources = source.items ?? [source];
  return sources.flatMap((from) => {
    if (from.entries === undefined) {
      report(walk, from.via ?? from.place, {
        message: "'<<' takes a mapping or a list of mappings",
        hint: 'write `<<: *anchor`',
      });
      return [];
    }
    const via = from.via ?? from.place;
    return [from.entries.map((entry) => ({ ...entry, node: carried(walk, entry.node, via) }))];
  });
}

function aliased(walk: Walk, name: string, place: Place): SourceNode {
  const target = walk.anchors.get(name);
  if (target !== undefined) return carried(walk, target, place);
  report(walk, place, {
    message: `there is no anchor '&${name}' above this alias`,
    hint: 'an anchor must stand before its alias, and not around it',
  });
  return { value: null, place };
}

function carried(walk: Walk, node: SourceNode, via: Place): SourceNode {
  const copy = { ...node, via };
  walk.weights.set(copy, walk.weights.get(node) ?? 1);
  return copy;
}

function weighed(walk: Walk, node: SourceNode, children: readonly SourceNode[]): SourceNode {
  const weight = children.reduce((sum, child) => sum + (walk.weights.get(child) ?? 1), 1);
  if (weight <= weightLimit || walk.anchors.size === 0) {
    walk.weights.set(node, weight);
    return node;
  }
  if (!walk.bomb) {
    walk.bomb = true;
    report(walk, node.place, {
      message: `the aliases in here stand for more than ${weightLimit} values`,
      hint: 'an alias bomb, or anchors that want to be group variables',
    });
  }
  return { value: null, place: node.place };
}

function reportDuplicate(walk: Walk, first: SourceEntry, second: SourceEntry): void {
  walk.diagnostics.push({
    severity: 'error',
    message: `the key '${second.key}' is here twice`,
    place: second.keyPlace,
    hint: 'Ansible would take the last one and only warn',
    related: [{ message: 'the first one', place: first.keyPlace }],
  });
}

function report(walk: Walk, place: Place, text: { message: string; hint: string }): void {
  walk.diagnostics.push({ severity: 'error', place, ...text });
}

function placeOf(walk: Walk, node: ParsedNode): Place {
  const start = walk.lines.linePos(node.range[0]);
  const place = { file: walk.file, line: start.line, col: start.col };
  if (!isScalar(node)) return place;
  const end = walk.lines.linePos(node.range[1]);
  return end.line === start.line && end.col > start.col ? { ...place, endCol: end.col } : place;
}
