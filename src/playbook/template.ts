/**
 * `{{ variable }}` and `{{ variable | default(x) }}`, and nothing more. A text that is exactly one template keeps the
 * type of its variable, a list stays a list; inside a longer text the value must be text, a number or a boolean.
 */
import type { Value } from '../inventory/model.ts';
import { called, evaluated, type Lookup } from './evaluation.ts';
import { type Expression, type Parsed, parseOperand, type TextProblem } from './expression.ts';
import { shown, type Token, tokens } from './token.ts';

/** One `{{ ... }}`. Offsets count from the start of the text. */
export interface Hole {
  readonly variable: string;
  readonly fallback?: Expression;
  readonly offset: number;
  readonly length: number;
}

/** A text in pieces, in order. */
export type Template = readonly (string | Hole)[];

/** True when the text needs to be parsed as a template at all. */
export function isTemplated(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#');
}

export function parseTemplate(text: string): Parsed<Template> {
  const pieces: (string | Hole)[] = [];
  let at = 0;
  for (;;) {
    const open = text.slice(at).search(/\{[{%#]/);
    if (open < 0) break;
    const start = at + open;
    if (text[start + 1] !== '{') return refused(start, 2, statementHint);
    const close = text.indexOf('}}', start);
    if (close < 0) return problem({ message: "'{{' is never closed by '}}'", offset: start, length: 2 });
    const hole = parseHole(text.slice(start + 2, close), start);
    if (!hole.ok) return hole;
    if (start > at) pieces.push(text.slice(at, start));
    pieces.push(hole.value);
    at = close + 2;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return { ok: true, value: pieces };
}

/** The value of the text for one host. */
export function filled(template: Template, lookup: Lookup): Parsed<Value> {
  const [only] = template;
  if (template.length === 1 && typeof only === 'object') return holeValue(only, lookup);
  let text = '';
  for (const piece of template) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const value = holeValue(piece, lookup);
    if (!value.ok) return value;
    if (value.value === null || typeof value.value === 'object') {
      const message = `'${piece.variable}' is ${called(value.value)} and cannot stand inside a longer text`;
      return problem({ message, offset: piece.offset, length: piece.length });
    }
    text += String(value.value);
  }
  return { ok: true, value: text };
}

/** The variables that a template reads, those of its defaults included. */
export function variablesOf(template: Template): readonly string[] {
  return template.flatMap((piece) =>
    typeof piece === 'string' ? [] : [piece.variable, ...variablesIn(piece.fallback)],
  );
}

/** The variables that an expression reads. */
export function variablesIn(expression: Expression | undefined): readonly string[] {
  switch (expression?.kind) {
    case 'variable':
    case 'defined':
      return [expression.name];
    case 'list':
      return expression.items.flatMap(variablesIn);
    case 'not':
      return variablesIn(expression.of);
    case 'and':
    case 'or':
    case 'compare':
      return [...variablesIn(expression.left), ...variablesIn(expression.right)];
    case 'literal':
    case undefined:
      return [];
  }
}

function holeValue(hole: Hole, lookup: Lookup): Parsed<Value> {
  const { variable: name, offset, length, fallback } = hole;
  const useFallback = fallback !== undefined && lookup(name).kind === 'undefined';
  const value = evaluated(useFallback ? fallback : { kind: 'variable', name, offset, length }, lookup);
  return value.ok ? value : problem({ ...value.problem, offset, length });
}

const supported = '{{ variable }} and {{ variable | default(x) }} are all there is';
const statementHint = `${supported}; use 'when' for conditions`;

function parseHole(inside: string, start: number): Parsed<Hole> {
  const words = tokens(inside);
  const length = inside.length + 4;
  const [name, pipe] = words;
  if (name?.kind !== 'name') return unexpected(name, start);
  const hole = { variable: name.text, offset: start, length };
  if (pipe?.kind === 'end') return { ok: true, value: hole };
  if (pipe?.text !== '|') return unexpected(pipe, start);
  const [filter, open] = words.slice(2);
  if (filter?.text !== 'default' && filter?.text !== 'd') {
    return problem({
      message: `the filter ${filter === undefined ? '' : shown(filter)} is not supported`,
      hint: supported,
      offset: start + 2 + (filter?.offset ?? 0),
      length: filter?.length ?? 1,
    });
  }
  if (open?.text !== '(') return unexpected(open, start);
  const fallback = parseOperand(words.slice(4));
  if (!fallback.ok)
    return problem({ ...fallback.problem, hint: supported, offset: start + 2 + fallback.problem.offset });
  const [close, end] = words.slice(4 + fallback.value.used);
  if (close?.text !== ')') return unexpected(close, start);
  if (end?.kind !== 'end') return unexpected(end, start);
  return { ok: true, value: { ...hole, fallback: fallback.value.operand } };
}

function unexpected(token: Token | undefined, start: number): Parsed<never> {
  const message = `${token === undefined ? 'the end' : shown(token)} is not expected in a template`;
  return problem({
    message,
    hint: supported,
    offset: start + 2 + (token?.offset ?? 0),
    length: token?.length ?? 1,
  });
}

function refused(offset: number, length: number, hint: string): Parsed<never> {
  return problem({ message: 'statements and comments of Jinja are not supported', hint, offset, length });
}

function problem(found: TextProblem): Parsed<never> {
  return { ok: false, problem: found };
}
