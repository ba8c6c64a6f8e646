/**
 * YAML text -> a tree in which every value knows where it was written, or diagnostics. Scalars are Ansible's
 * (yaml-scalars.ts). The `yaml` package is asked for the syntax only (failsafe schema): meaning, aliases, `<<`,
 * tags and duplicate keys are judged here, because only so each of them has its place. An aliased node is shared,
 * not copied, and carries `via`: the place of the `*alias` or `<<` that brought it.
 */
import { LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { Diagnostic, Place } from './diagnostic.ts';
import type { Value } from './value.ts';
import { depthLimit, tooDeepAt } from './yaml-depth.ts';
import { buildTree } from './yaml-tree.ts';

/** One value as written. `entries` for mappings, `items` for lists, neither for scalars. */
export interface SourceNode {
  readonly value: Value;
  /** Where the value starts. For nothing at all (`key:`) the place of the key. */
  readonly place: Place;
  /** Where an alias or a merge brought it from its place to here. */
  readonly via?: Place;
  /** A scalar without quotes: text as written, `0644` for 420. */
  readonly plain?: string;
  /** In the order in which PyYAML has them: merged ones first. Keys are unique. */
  readonly entries?: readonly SourceEntry[];
  readonly items?: readonly SourceNode[];
}

export interface SourceEntry {
  readonly key: string;
  /** A key without quotes that is not text in YAML 1.1: `123`, `yes`, `~`. */
  readonly keyIsText: boolean;
  readonly keyPlace: Place;
  readonly node: SourceNode;
}

export interface YamlReading {
  /** Missing when the text has syntax errors. There may be a root and errors (duplicate keys, unknown tags). */
  readonly root?: SourceNode;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one YAML document. An empty text is a root with the value null. */
export function readYaml(file: string, text: string): YamlReading {
  const deep = tooDeepAt(text);
  if (deep !== undefined) return { diagnostics: [tooDeep(file, text, deep)] };
  const json = isJson(text);
  const lines = new LineCounter();
  const document = parseDocument(json ? text.replaceAll('\t', ' ') : text, {
    schema: 'failsafe',
    lineCounter: lines,
    strict: true,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    // 'silent' would also keep quiet about a second document.
    logLevel: 'error',
  });
  const problems = [...document.errors, ...document.warnings].filter(
    ({ code }) => code !== 'TAG_RESOLVE_FAILED',
  );
  if (problems.length > 0) return { diagnostics: syntaxDiagnostics(problems, file, lines) };
  return buildTree(document.contents, { file, lines, json });
}

/** The node at a path of keys and indexes, and the place of the last key; undefined when the path leads nowhere. */
export function nodeAt(
  root: SourceNode,
  path: readonly (string | number)[],
): { readonly node: SourceNode; readonly keyPlace: Place } | undefined {
  let found = { node: root, keyPlace: root.place };
  for (const step of path) {
    const entry = found.node.entries?.find(({ key }) => key === String(step));
    const item = found.node.items?.[Number(step)];
    if (entry !== undefined) found = { node: entry.node, keyPlace: entry.keyPlace };
    else if (item !== undefined) found = { node: item, keyPlace: item.place };
    else return undefined;
  }
  return found;
}

/** Ansible tries JSON first, and so do we: tabs are indentation there, `1e3` is a number. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The first problem of each line: the parser's later ones are mostly echoes. */
function syntaxDiagnostics(problems: readonly YAMLError[], file: string, lines: LineCounter): Diagnostic[] {
  const byLine = new Map<number, Diagnostic>();
  for (const { code, message, pos } of problems) {
    const { line, col } = lines.linePos(pos[0]);
    if (byLine.has(line)) continue;
    byLine.set(line, {
      severity: 'error',
      place: { file, line, col },
      ...wordedMessage(code, message),
    });
  }
  return [...byLine.values()];
}

function wordedMessage(code: YAMLError['code'], message: string): { message: string; hint?: string } {
  if (message.startsWith('Flow ')) {
    const hint = 'each { needs its } and each [ its ], indented more than the key';
    return { message: 'a bracket is not closed, or not in its place', hint };
  }
  if (/^Missing closing .*quote/.test(message))
    return { message: 'a quote that opened above is never closed' };
  return worded[code] ?? { message: message.replace(/\.$/, '') };
}

const worded: Partial<Record<YAMLError['code'], { message: string; hint: string }>> = {
  TAB_AS_INDENT: { message: 'a tab cannot indent in YAML', hint: 'use spaces' },
  MULTIPLE_DOCS: {
    message: 'a second YAML document begins here, and only one is read',
    hint: "remove the '---' or make it a file of its own",
  },
  NON_STRING_KEY: { message: 'a key must be text', hint: 'a list or mapping cannot be a key' },
  UNEXPECTED_TOKEN: {
    message: 'this does not fit here in YAML',
    hint: 'is a quote, a bracket or a space missing?',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a second ': ' in one value",
    hint: 'quote the value, or put `key: value` pairs on lines of their own, in one column',
  },
  BAD_INDENT: {
    message: 'this is indented unlike its neighbours',
    hint: 'keys of one mapping start in one column',
  },
};

function tooDeep(file: string, text: string, offset: number): Diagnostic {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const place = { file, line, col: offset - before.lastIndexOf('\n') };
  return { severity: 'error', message: `nested deeper than ${depthLimit} levels`, place };
}
