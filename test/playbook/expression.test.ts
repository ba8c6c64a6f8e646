import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluated, type Looked, truthy } from '../../src/playbook/evaluation.ts';
import { parseExpression } from '../../src/playbook/expression.ts';
import type { Value } from '../../src/source/value.ts';

const values: Readonly<Record<string, Value>> = {
  state: 'active',
  style: 'seed',
  port: 22,
  on: true,
  off: false,
  empty: [],
  nothing: null,
  groups: ['gateways', 'all'],
  map: { a: 1 },
};

function lookup(name: string): Looked {
  const value = values[name];
  return value === undefined ? { kind: 'undefined' } : { kind: 'value', value };
}

function when(text: string): boolean | string {
  const parsed = parseExpression(text);
  if (!parsed.ok) return `${parsed.problem.offset}: ${parsed.problem.message}`;
  const result = evaluated(parsed.value, lookup);
  return result.ok ? truthy(result.value) : `${result.problem.offset}: ${result.problem.message}`;
}

describe('conditions', () => {
  test.each([
    ["state == 'active'", true],
    ['state != "active"', false],
    ['port >= 22 and port < 23', true],
    ['port > 22 or on', true],
    ['not off', true],
    ['not on or on', true],
    ['not (on or on)', false],
    ['off and missing', false],
    ['on or missing', true],
    ['missing is defined', false],
    ['missing is not defined', true],
    ['missing is undefined', true],
    ['port is not undefined', true],
    ['port is defined and port == 22', true],
    ['missing is defined and missing > 3', false],
    ["'gateways' in groups", true],
    ["'webservers' not in groups", true],
    ["state in ['active', 'standby']", true],
    ["'act' in state", true],
    ["'a' in map", true],
    ['empty', false],
    ['nothing == none', true],
    ['port == 22.0', true],
    ["port == '22'", false],
    ['-1 < 0', true],
    ['True', true],
    ['false', false],
    ["state < 'b'", true],
    ["not state == 'active'", false],
  ])('%s', (text, wanted) => {
    expect(when(text)).toBe(wanted);
  });

  test.each([
    ['missing', "0: the variable 'missing' is not defined"],
    ['on and missing == 1', "7: the variable 'missing' is not defined"],
    ["port < 'x'", "5: '<' does not work between a number and text"],
    ['1 in port', "2: 'in' does not work between a number and a number"],
    ['port = 22', "5: '=' is not expected here"],
    ['port ==', '7: the end is not expected here'],
    ['', '0: the end is not expected here'],
    ['{{ port }} == 22', "0: 'when' takes no braces"],
    ['state | lower', "6: '|' is not expected here"],
    ['map.a == 1', "3: '.' is not expected here"],
    ['(on', '3: the end is not expected here'],
    ['on on', "3: 'on' is not expected here"],
    ['and', "0: 'and' is not expected here"],
    ['on ? 1 : 2', "3: '?' is not expected here"],
    ["'open", "0: ''open' is not expected here"],
    ['1 is defined', "5: 'defined' is not expected here"],
  ])('%s is refused', (text, wanted) => {
    expect(when(text)).toBe(wanted);
  });

  test('ten thousand parentheses are refused, not a crash', () => {
    expect(when(`${'('.repeat(10_000)}on`)).toContain('not expected');
    expect(when(`${'not '.repeat(10_000)}on`)).toContain('not expected');
  });

  test('no text makes it throw', () => {
    const words = fc.constantFrom(
      'on',
      'and',
      'or',
      'not',
      'in',
      'is',
      'defined',
      '(',
      ')',
      '[',
      ',',
      '==',
      '<',
      '1',
      "'",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        expect(() => when(parts.join(' '))).not.toThrow();
      }),
    );
  });
});
