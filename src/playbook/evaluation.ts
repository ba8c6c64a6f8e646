/**
 * What an expression is for one host. Evaluation stops at the first problem, so `x is defined and x > 3` is safe;
 * comparing things that have no order (text with a number) is a problem, not false.
 */
import type { Value } from '../inventory/model.ts';
import type { Comparison, Expression, Parsed, TextProblem } from './expression.ts';

/** Looks a variable up: its value with templates filled, or why there is none. */
export type Lookup = (name: string) => Looked;

export type Looked =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'undefined' }
  /** The variable is there, its own value cannot be filled. */
  | { readonly kind: 'broken'; readonly message: string; readonly hint?: string };

export function evaluated(expression: Expression, lookup: Lookup): Parsed<Value> {
  switch (expression.kind) {
    case 'literal':
      return { ok: true, value: expression.value };
    case 'list':
      return listed(expression.items, lookup);
    case 'variable':
      return variable(expression, lookup);
    case 'defined':
      return { ok: true, value: lookup(expression.name).kind !== 'undefined' };
    case 'not': {
      const inner = evaluated(expression.of, lookup);
      return inner.ok ? { ok: true, value: !truthy(inner.value) } : inner;
    }
    case 'and':
    case 'or': {
      const left = evaluated(expression.left, lookup);
      if (!left.ok || truthy(left.value) === (expression.kind === 'or')) return left;
      return evaluated(expression.right, lookup);
    }
    case 'compare': {
      const left = evaluated(expression.left, lookup);
      if (!left.ok) return left;
      const right = evaluated(expression.right, lookup);
      if (!right.ok) return right;
      return compared(expression, left.value, right.value);
    }
  }
}

/** Jinja's truth: empty text, empty collections, zero and null are false. */
export function truthy(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value !== null && typeof value === 'object') return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Equal as JSON, whatever the order of keys. */
export function same(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [left as Readonly<Record<string, Value>>, right as Readonly<Record<string, Value>>];
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key] ?? null, b[key] ?? null))
  );
}

function variable(at: { name: string; offset: number; length: number }, lookup: Lookup): Parsed<Value> {
  const found = lookup(at.name);
  if (found.kind === 'value') return { ok: true, value: found.value };
  const place = { offset: at.offset, length: at.length };
  if (found.kind === 'broken') {
    const hint = found.hint === undefined ? {} : { hint: found.hint };
    return { ok: false, problem: { message: found.message, ...hint, ...place } };
  }
  return { ok: false, problem: { message: `the variable '${at.name}' is not defined`, ...place } };
}

function listed(items: readonly Expression[], lookup: Lookup): Parsed<Value> {
  const values: Value[] = [];
  for (const item of items) {
    const value = evaluated(item, lookup);
    if (!value.ok) return value;
    values.push(value.value);
  }
  return { ok: true, value: values };
}

interface At {
  readonly operator: Comparison;
  readonly offset: number;
  readonly length: number;
}

function compared({ operator, offset, length }: At, left: Value, right: Value): Parsed<Value> {
  const answer = operator.endsWith('in') ? contained(left, right) : ordered(operator, left, right);
  if (answer !== undefined) return { ok: true, value: operator === 'not in' ? !answer : answer };
  const message = `'${operator}' does not work between ${called(left)} and ${called(right)}`;
  const problem: TextProblem = { message, offset, length };
  return { ok: false, problem };
}

function ordered(operator: Comparison, left: Value, right: Value): boolean | undefined {
  if (operator === '==') return same(left, right);
  if (operator === '!=') return !same(left, right);
  const sign = order(left, right);
  if (sign === undefined) return undefined;
  if (operator === '<') return sign < 0;
  if (operator === '<=') return sign <= 0;
  return operator === '>' ? sign > 0 : sign >= 0;
}

function order(left: Value, right: Value): number | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== 'string' || typeof right !== 'string') return undefined;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function contained(item: Value, holder: Value): boolean | undefined {
  if (Array.isArray(holder)) return holder.some((held: Value) => same(item, held));
  if (typeof item !== 'string') return undefined;
  if (typeof holder === 'string') return holder.includes(item);
  return holder !== null && typeof holder === 'object' ? Object.hasOwn(holder, item) : undefined;
}

/** The type of a value in words. */
export function called(value: Value): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as 'string'];
}
