/**
 * The small language inside `when` and `default(...)`: literals, variables, comparisons, `in`, `and or not`,
 * `is defined`. It is read with Jinja's precedence; what Jinja has beyond it is a mistake that is named, never
 * something that quietly means something else.
 */
import type { Value } from '../inventory/model.ts';
import { constants, shown, type Token, tokens } from './token.ts';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'variable'; readonly name: string; readonly offset: number; readonly length: number }
  | { readonly kind: 'defined'; readonly name: string }
  | { readonly kind: 'not'; readonly of: Expression }
  | {
      readonly kind: 'and' | 'or';
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
      readonly offset: number;
      readonly length: number;
    };

/** A mistake inside a text; the offset counts from its start. */
export interface TextProblem {
  readonly message: string;
  readonly hint?: string;
  readonly offset: number;
  readonly length: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: TextProblem };

/** The expression of a `when`. */
export function parseExpression(text: string): Parsed<Expression> {
  const braces = text.indexOf('{{');
  if (braces >= 0) {
    const hint = `write the bare expression: ${text.replaceAll('{{', '').replaceAll('}}', '').trim()}`;
    return {
      ok: false,
      problem: { message: "'when' takes no braces", hint, offset: braces, length: 2 },
    };
  }
  const reader = new Reader(tokens(text));
  const value = reader.either();
  if (reader.problem === undefined && reader.next.kind !== 'end') reader.refuse(reader.next);
  return reader.problem === undefined ? { ok: true, value } : { ok: false, problem: reader.problem };
}

/** One operand at the given tokens: what stands inside `default(...)`. `used` is the number of tokens taken. */
export function parseOperand(from: readonly Token[]): Parsed<{ operand: Expression; used: number }> {
  const reader = new Reader(from);
  const operand = reader.operand();
  return reader.problem === undefined
    ? { ok: true, value: { operand, used: reader.position } }
    : { ok: false, problem: reader.problem };
}

const nothing: Expression = { kind: 'literal', value: null };
const reserved = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);
const comparisons = new Set<string>(['==', '!=', '<', '<=', '>', '>=']);

/** Recursive descent; the first problem is kept and everything after it is read as nothing. */
class Reader {
  position = 0;
  problem: TextProblem | undefined;
  private depth = 0;
  private readonly all: readonly Token[];

  constructor(all: readonly Token[]) {
    this.all = all;
  }

  get next(): Token {
    return this.at(this.position);
  }

  either(): Expression {
    let left = this.both();
    while (this.taken('or')) left = { kind: 'or', left, right: this.both() };
    return left;
  }

  operand(): Expression {
    const token = this.next;
    if (token.kind === 'end') return this.refuse(token);
    this.position += 1;
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'name') return this.named(token);
    if (token.text === '-' && this.next.kind === 'number') return this.negative();
    if (token.text === '(') return this.nested(() => this.inside());
    if (token.text === '[') return this.nested(() => this.list());
    return this.refuse(token);
  }

  refuse(token: Token): Expression {
    const { offset, length } = token;
    this.problem ??= {
      message: `${shown(token)} is not expected here`,
      hint: hintFor(token),
      offset,
      length,
    };
    this.position = this.all.length - 1;
    return nothing;
  }

  private both(): Expression {
    let left = this.negated();
    while (this.taken('and')) left = { kind: 'and', left, right: this.negated() };
    return left;
  }

  private negated(): Expression {
    if (this.taken('not')) return this.nested(() => ({ kind: 'not', of: this.negated() }));
    return this.compared();
  }

  private compared(): Expression {
    let left = this.operand();
    for (;;) {
      const { offset, length } = this.next;
      if (this.taken('is')) {
        left = this.tested(left);
        continue;
      }
      const operator = this.comparison();
      if (operator === undefined) return left;
      left = { kind: 'compare', operator, left, right: this.operand(), offset, length };
    }
  }

  private comparison(): Comparison | undefined {
    const { text, kind } = this.next;
    if (kind === 'sign' && comparisons.has(text)) {
      this.position += 1;
      return text as Comparison;
    }
    if (this.taken('in')) return 'in';
    if (kind === 'name' && text === 'not' && this.at(this.position + 1).text === 'in') {
      this.position += 2;
      return 'not in';
    }
    return undefined;
  }

  private tested(subject: Expression): Expression {
    const negative = this.taken('not');
    const token = this.next;
    const turned = token.text === 'undefined';
    if (token.kind !== 'name' || !(token.text === 'defined' || turned) || subject.kind !== 'variable')
      return this.refuse(token);
    this.position += 1;
    const defined: Expression = { kind: 'defined', name: subject.name };
    return negative === turned ? defined : { kind: 'not', of: defined };
  }

  private named(token: Token): Expression {
    const constant = constants.get(token.text);
    if (constant !== undefined) return { kind: 'literal', value: constant };
    if (reserved.has(token.text)) return this.refuse(token);
    return { kind: 'variable', name: token.text, offset: token.offset, length: token.length };
  }

  private negative(): Expression {
    const value = -Number(this.next.text);
    this.position += 1;
    return { kind: 'literal', value };
  }

  private inside(): Expression {
    const inner = this.either();
    return this.closed(')', inner);
  }

  private list(): Expression {
    const items: Expression[] = [];
    while (this.problem === undefined && this.next.text !== ']') {
      items.push(this.operand());
      if (this.next.text !== ',') break;
      this.position += 1;
    }
    return this.closed(']', { kind: 'list', items });
  }

  private closed(sign: string, value: Expression): Expression {
    if (this.next.kind !== 'sign' || this.next.text !== sign) return this.refuse(this.next);
    this.position += 1;
    return value;
  }

  /** Deeper than this nobody writes; the stack is ours to protect. */
  private nested(read: () => Expression): Expression {
    if (this.depth >= 50) return this.refuse(this.next);
    this.depth += 1;
    const value = read();
    this.depth -= 1;
    return value;
  }

  private taken(word: string): boolean {
    if (this.next.kind !== 'name' || this.next.text !== word) return false;
    this.position += 1;
    return true;
  }

  private at(position: number): Token {
    return (
      this.all[Math.min(position, this.all.length - 1)] ?? { kind: 'end', text: '', offset: 0, length: 1 }
    );
  }
}

function hintFor({ kind, text }: Token): string {
  if (kind === 'sign' && text === '|') return 'filters are not supported here, compare the variable itself';
  if (kind === 'sign' && text === '.') return 'attributes are not supported, use a variable of its own';
  if (kind === 'sign' && text === '=') return 'comparison is written ==';
  return "use variables, literals, == != < <= > >= in, 'and', 'or', 'not', 'is defined' and parentheses";
}
