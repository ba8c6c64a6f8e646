import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Looked, Lookup } from '../../src/playbook/evaluation.ts';
import { filled, parseTemplate } from '../../src/playbook/template.ts';
import type { Value } from '../../src/source/value.ts';

function lookup(values: Readonly<Record<string, Value>>): Lookup {
  return (name): Looked => {
    const value = values[name];
    return Object.hasOwn(values, name) && value !== undefined
      ? { kind: 'value', value }
      : { kind: 'undefined' };
  };
}

function fill(text: string, values: Readonly<Record<string, Value>> = {}): unknown {
  const template = parseTemplate(text);
  if (!template.ok) return `${template.problem.offset}: ${template.problem.message}`;
  const result = filled(template.value, lookup(values));
  return result.ok ? result.value : `${result.problem.offset}: ${result.problem.message}`;
}

describe('filling', () => {
  test.each<[string, Record<string, Value>, Value]>([
    ['{{ pool }}', { pool: ['a', 'b'] }, ['a', 'b']],
    ['{{pool}}', { pool: ['a'] }, ['a']],
    ['{{ port }}', { port: 80 }, 80],
    ['{{ on }}', { on: false }, false],
    ['{{ gone }}', { gone: null }, null],
    ['eth{{ n }}:{{ m }}', { n: 1, m: 'x' }, 'eth1:x'],
    ['{{ a }}{{ b }}', { a: 1, b: 2 }, '12'],
    ['plain', {}, 'plain'],
    ['{ not } a template }}', {}, '{ not } a template }}'],
    ["{{ x | default('y') }}", {}, 'y'],
    ['{{ x | default("y") }}', { x: 'z' }, 'z'],
    ['{{ x | default(60) }}', {}, 60],
    ['{{ x | default(-1) }}', {}, -1],
    ['{{ x | default(true) }}', {}, true],
    ['{{ x | default([]) }}', {}, []],
    ["{{ x | default(['a', 'b']) }}", {}, ['a', 'b']],
    ['{{ x | default(other) }}', { other: 'o' }, 'o'],
    ['{{ x | d(1) }}', {}, 1],
    ['{{ x | default("(")}}!', {}, '(!'],
  ])('%s', (text, values, wanted) => {
    expect(fill(text, values)).toEqual(wanted);
  });

  test('a value keeps its type when the text is one template, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(fill('{{ v }}', { v: value as Value })).toEqual(value);
      }),
    );
  });

  test('a text without braces is never changed', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/\{[{%#]/.test(text)),
        (text) => {
          expect(fill(text)).toBe(text);
        },
      ),
    );
  });
});

describe('refusing', () => {
  test.each([
    ['{{ gateway }}', "0: the variable 'gateway' is not defined"],
    ['via {{ gateway }}', "4: the variable 'gateway' is not defined"],
    ['{{ x | default(y) }}', "0: the variable 'y' is not defined"],
    ['{{ pool | join(",") }}', "10: the filter 'join' is not supported"],
    ['{{ a.b }}', "4: '.' is not expected in a template"],
    ["{{ a['b'] }}", "4: '[' is not expected in a template"],
    ['{{ a + 1 }}', "5: '+' is not expected in a template"],
    ['{{ }}', '3: the end is not expected in a template'],
    ['{{ a', "0: '{{' is never closed by '}}'"],
    ['{% if a %}', '0: statements and comments of Jinja are not supported'],
    ['{# no #}', '0: statements and comments of Jinja are not supported'],
    ['{{ a | default }}', '15: the end is not expected in a template'],
    ['{{ a | default() }}', "15: ')' is not expected here"],
    ['{{ a | default(1) | int }}', "18: '|' is not expected in a template"],
  ])('%s', (text, wanted) => {
    expect(fill(text)).toBe(wanted);
  });

  test('a list cannot stand inside a longer text', () => {
    expect(fill('x {{ pool }}', { pool: ['a'] })).toBe(
      "2: 'pool' is a list and cannot stand inside a longer text",
    );
  });

  test('no text makes it throw', () => {
    const pieces = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '|',
      'default',
      '(',
      ')',
      ' ',
      'x',
      '"',
      "'",
      '[',
      ']',
      '\\',
      '1',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (words) => {
        expect(() => fill(words.join(''))).not.toThrow();
      }),
    );
  });
});
