/**
 * Arguments as written -> arguments for one host. Filling makes a new tree of SourceNodes in which everything that a
 * template brought stands at the template's place; `origins` remembers which variables it came from.
 */
import type { Diagnostic, Place } from '../source/diagnostic.ts';
import type { Value } from '../source/value.ts';
import type { SourceNode } from '../source/yaml-document.ts';
import type { Lookup } from './evaluation.ts';
import type { TextProblem } from './expression.ts';
import { filled, isTemplated, parseTemplate, type Template, variablesOf } from './template.ts';

export interface CompiledArgs {
  readonly templated: boolean;
  /** What the arguments read from the host, each once. */
  readonly variables: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  fill(lookup: Lookup): FilledArgs;
}

export interface FilledArgs {
  readonly node: SourceNode;
  readonly diagnostics: readonly Diagnostic[];
  /** The variables behind a place that a template filled. Keys are compared by identity. */
  readonly origins: ReadonlyMap<Place, readonly string[]>;
}

interface Hole {
  readonly template: Template;
  readonly variables: readonly string[];
}

type Templates = ReadonlyMap<SourceNode, Hole>;

export function compiledArgs(root: SourceNode): CompiledArgs {
  const templates = new Map<SourceNode, Hole>();
  const diagnostics: Diagnostic[] = [];
  collect(root, templates, diagnostics);
  const variables = [...new Set([...templates.values()].flatMap((hole) => hole.variables))];
  return {
    templated: templates.size > 0,
    variables,
    diagnostics,
    fill: (lookup) => fill(root, templates, lookup),
  };
}

/** The place of a part of a scalar: exact for scalars on one line without escapes, else the scalar's start. */
export function placeInText(
  node: SourceNode,
  { offset, length }: Pick<TextProblem, 'offset' | 'length'>,
): Place {
  const { file, line, col, endCol } = node.place;
  if (typeof node.value !== 'string' || endCol === undefined) return node.place;
  const quotes = endCol - col - node.value.length;
  if (quotes !== 0 && quotes !== 2) return node.place;
  const start = col + quotes / 2 + offset;
  return { file, line, col: start, endCol: start + length };
}

/** A problem inside a scalar as a diagnostic. */
export function textDiagnostic(node: SourceNode, problem: TextProblem): Diagnostic {
  const { message, hint } = problem;
  const base = { severity: 'error' as const, message, place: placeInText(node, problem) };
  return { ...base, ...(hint === undefined ? {} : { hint }), ...relatedVia(node) };
}

function relatedVia({ via }: SourceNode): Pick<Diagnostic, 'related'> {
  return via === undefined ? {} : { related: [{ message: 'used here, through an alias', place: via }] };
}

function collect(node: SourceNode, templates: Map<SourceNode, Hole>, diagnostics: Diagnostic[]): void {
  for (const item of node.items ?? []) collect(item, templates, diagnostics);
  for (const entry of node.entries ?? []) {
    if (isTemplated(entry.key)) {
      const message = `a key cannot be a template: '${entry.key}'`;
      diagnostics.push({ severity: 'error', message, place: entry.keyPlace });
    }
    collect(entry.node, templates, diagnostics);
  }
  if (typeof node.value !== 'string' || !isTemplated(node.value)) return;
  const parsed = parseTemplate(node.value);
  if (parsed.ok) templates.set(node, { template: parsed.value, variables: variablesOf(parsed.value) });
  else diagnostics.push(textDiagnostic(node, parsed.problem));
}

function fill(root: SourceNode, templates: Templates, lookup: Lookup): FilledArgs {
  const diagnostics: Diagnostic[] = [];
  const origins = new Map<Place, readonly string[]>();
  const walk = (node: SourceNode): SourceNode => {
    const hole = templates.get(node);
    if (hole !== undefined) return grownFrom(node, hole);
    if (node.items !== undefined) {
      const items = node.items.map(walk);
      return { ...node, items, value: items.map(({ value }) => value) };
    }
    if (node.entries === undefined) return node;
    const entries = node.entries.map((entry) => ({ ...entry, node: walk(entry.node) }));
    return {
      ...node,
      entries,
      value: Object.fromEntries(entries.map((entry) => [entry.key, entry.node.value])),
    };
  };
  const grownFrom = (node: SourceNode, { template, variables }: Hole): SourceNode => {
    const result = filled(template, lookup);
    if (!result.ok) {
      diagnostics.push(textDiagnostic(node, result.problem));
      return node;
    }
    const place = { ...node.place };
    origins.set(place, variables);
    return grown(result.value, place);
  };
  return { node: walk(root), diagnostics, origins };
}

/** A plain value as a tree in which everything stands at one place. */
function grown(value: Value, place: Place): SourceNode {
  if (Array.isArray(value)) {
    const items = (value as readonly Value[]).map((item) => grown(item, place));
    return { value, place, items };
  }
  if (value === null || typeof value !== 'object') return { value, place };
  const entries = Object.entries<Value>(value).map(([key, item]) => ({
    key,
    keyIsText: true,
    keyPlace: place,
    node: grown(item, place),
  }));
  return { value, place, entries };
}
