/** The quick look before the lexer must never let a deep text through. */
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { Lexer } from 'yaml';
import { deepAt, tooDeepAt } from '../../src/source/yaml-depth.ts';

const piece = fc.tuple(
  fc.constantFrom(
    '[',
    '{',
    '{ a: 1 }',
    '{ a: 1, ',
    '{ !<}> a',
    '[1, b]',
    '}',
    '- ',
    '? ',
    '- ? ',
    'a: ',
    '"b": ',
    '&x - ',
    '\t- ',
    '\n  ',
    '\n',
    ']',
    "'",
    '# c\n',
    '|\n ',
  ),
  fc.integer({ min: 1, max: 70 }),
);
const stairs = fc
  .integer({ min: 1, max: 70 })
  .map((steps) => Array.from({ length: steps }, (_, step) => `${' '.repeat(step)}k:`).join('\n'));

it('says what the lexer says, of any text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          piece.map(([text, times]) => text.repeat(times)),
          stairs,
        ),
        { maxLength: 6 },
      ),
      (parts) => {
        const text = parts.join('');
        expect(tooDeepAt(text)).toBe(deepAt(text));
      },
    ),
    { numRuns: 1000 },
  );
});

it('does not ask the lexer about thousands of hosts with their variables in braces', () => {
  const hosts = Array.from({ length: 5000 }, (_, n) => `    web${n}: { ansible_host: 10.0.0.1 }`);
  let asked = 0;
  const text = hosts.join('\n');
  const lexed = vi.spyOn(Lexer.prototype, 'lex').mockImplementation(() => {
    asked += 1;
    return [] as never;
  });
  tooDeepAt(text);
  tooDeepAt(`${text}\n${'['.repeat(70)}`);
  lexed.mockRestore();
  expect(asked).toBe(1);
});

it('refuses what only the columns of many lines make deep', () => {
  const text = Array.from({ length: 70 }, (_, step) => `${' '.repeat(step)}k:`).join('\n');
  expect(tooDeepAt(text)).toBeGreaterThan(0);
});
