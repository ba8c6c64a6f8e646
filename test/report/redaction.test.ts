/** The last net: known secrets in texts and events, whatever wrote them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redaction } from '../../src/report/redaction.ts';

describe('redaction', () => {
  it('hides a secret in every text of a value, also as JSON writes it and line by line', () => {
    const redact = redaction(['pa"ss-word', 'BEGIN\nfirst line\nEND', 'tiny']);
    expect(redact({ said: ['x pa"ss-word y', 'first line'], n: 1, short: 'tiny' })).toEqual({
      said: ['x (hidden) y', '(hidden)'],
      n: 1,
      short: 'tiny',
    });
    expect(redact(JSON.stringify({ a: 'pa"ss-word' }))).toBe('{"a":"(hidden)"}');
    expect(redact('BEGIN\nfirst line\nEND')).toBe('(hidden)');
  });

  it('takes the longer of two that begin alike', () => {
    expect(redaction(['secret', 'secret-long'])('a secret-long b secret c')).toBe('a (hidden) b (hidden) c');
  });

  it('leaves none, whatever they are and wherever they stand', () => {
    const words = fc.array(
      fc.string({ minLength: 5 }).filter((text) => text.trim().length >= 5),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(words, fc.string(), fc.string(), (secrets, before, after) => {
        const redact = redaction(secrets);
        for (const secret of secrets) {
          fc.pre(!'(hidden)'.includes(secret) && !secret.includes('(hidden'));
          expect(redact(`${before}\n${secret}\n${after}`).split('\n')).not.toContain(secret);
        }
      }),
    );
  });

  it('is nothing without secrets', () => {
    const value = { a: 'b' };
    expect(redaction([])(value)).toBe(value);
  });
});
