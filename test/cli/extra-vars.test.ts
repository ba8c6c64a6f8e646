/** -e in all its spellings. */
import { describe, expect, it } from 'vitest';
import { readExtraVars } from '../../src/cli/extra-vars.ts';

const read = (...given: readonly string[]) => Object.fromEntries(readExtraVars(given));

describe('extra variables', () => {
  it.each([
    ['a=1', { a: '1' }],
    ['a=1 b=two', { a: '1', b: 'two' }],
    ["a='x y' b=\"it's\"", { a: 'x y', b: "it's" }],
    ['a=', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['{"a": 1, "b": [true]}', { a: 1, b: [true] }],
    ['{a: yes}', { a: true }],
    ['', {}],
  ])('%s', (text, variables) => {
    expect(read(text)).toEqual(variables);
  });

  it('let the later one win', () => {
    expect(read('a=1', 'a=2')).toEqual({ a: '2' });
  });

  it.each(['a', '=1', '1a=2', "a='x", 'a="x y', '@/no/such/file', '[1]'])('refuse %s', (text) => {
    expect(() => read(text)).toThrow(/--extra-vars/);
  });
});
