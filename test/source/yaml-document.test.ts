import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeAt, readYaml } from '../../src/source/yaml-document.ts';

/** `line:col message` of each diagnostic. */
function problems(text: string): readonly string[] {
  return readYaml('f', text).diagnostics.map(
    ({ message, place }) => `${place!.line}:${place!.col} ${message}`,
  );
}

describe('readYaml', () => {
  it('knows where each key and value stands', () => {
    const { root } = readYaml('f', 'a:\n  b: [x, {c: 1}]\n');
    expect(nodeAt(root!, ['a', 'b', 1, 'c'])).toMatchObject({
      keyPlace: { file: 'f', line: 2, col: 11, endCol: 12 },
      node: { value: 1, place: { line: 2, col: 14 } },
    });
    expect(nodeAt(root!, ['a', 'z'])).toBeUndefined();
  });

  it('gives a missing value the place of its key', () => {
    const { root } = readYaml('f', 'a:\n  b:\n');
    expect(nodeAt(root!, ['a', 'b'])).toMatchObject({ node: { value: null, place: { line: 2, col: 3 } } });
  });

  it('reads an empty text as nothing', () => {
    expect(readYaml('f', '# only a comment\n')).toMatchObject({ root: { value: null }, diagnostics: [] });
  });

  it('brings aliased values with their own place and the place of the alias', () => {
    const { root } = readYaml('f', 'a: &v [1]\nb: *v\n');
    expect(nodeAt(root!, ['b'])!.node).toMatchObject({
      value: [1],
      place: { line: 1, col: 7 },
      via: { line: 2, col: 4 },
    });
  });

  it('merges as PyYAML: own keys win, then the earlier source, then the later `<<`', () => {
    const text =
      'x: &x {a: 1, b: 1, c: 1}\ny: &y {b: 2, c: 2, d: 2}\none: {<<: [*x, *y], c: 3}\ntwo: {<<: *x, <<: *y}\n';
    const { root, diagnostics } = readYaml('f', text);
    expect(diagnostics).toEqual([]);
    expect(root!.value).toMatchObject({ one: { a: 1, b: 1, c: 3, d: 2 }, two: { a: 1, b: 2, c: 2, d: 2 } });
    expect(nodeAt(root!, ['one', 'a'])!.node).toMatchObject({ place: { line: 1 }, via: { line: 3 } });
  });

  it('keeps a key named __proto__ as data', () => {
    const { root } = readYaml('f', '__proto__: {polluted: 1}\n');
    expect(Object.keys(root!.value as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads JSON as JSON, also with tabs', () => {
    expect(readYaml('f', '{\n\t"a": 1e3, "b": "yes"\n}').root!.value).toEqual({ a: 1000, b: 'yes' });
  });

  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify({ value });
        expect(JSON.stringify(readYaml('f', text).root!.value)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '<<',
      '|',
      '"',
      "'",
      '!t ',
      '\t',
      '?',
      '---\n',
      ',',
      '#',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const { root, diagnostics } = readYaml('f', parts.join(''));
        expect(root !== undefined || diagnostics.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

const bad: readonly (readonly [string, string, readonly string[]])[] = [
  ['a tab', 'a:\n\tb: 1\n', ['2:1 a tab cannot indent in YAML']],
  ['two documents', 'a: 1\n---\nb: 1\n', ['2:1 a second YAML document begins here, and only one is read']],
  ['a duplicate key', 'a:\n  b: 1\n  c: 2\n  b: 3\n', ["4:3 the key 'b' is here twice"]],
  [
    'two duplicates at once',
    'a: 1\na: 2\nb: 1\nb: 2\n',
    ["2:1 the key 'a' is here twice", "4:1 the key 'b' is here twice"],
  ],
  ['an unknown tag', 'a: !foo bar\n', ["1:9 the YAML tag '!foo' is not known"]],
  ['an unknown tag on a mapping', 'a: !foo {b: 1}\n', ["1:9 the YAML tag '!foo' is not known"]],
  ['a vault value', 'a: !vault |\n  $ANSIBLE\n', ['1:11 values encrypted with ansible-vault are not read']],
  ['an unknown anchor', 'a: *b\n', ["1:4 there is no anchor '&b' above this alias"]],
  ['an anchor around its alias', 'a: &b [*b]\n', ["1:8 there is no anchor '&b' above this alias"]],
  ['a merge of a scalar', 'a: {<<: 5}\n', ["1:9 '<<' takes a mapping or a list of mappings"]],
  ['a list as key', '? [a]\n: 1\n', ['1:3 a key must be text']],
  ['a second colon', 'a: b: c\n', ["1:4 a second ': ' in one value"]],
  ['an open bracket', 'a: [1\nb: 2\n', ['2:1 a bracket is not closed, or not in its place']],
  ['an open quote', 'a: "x\n', ['2:1 a quote that opened above is never closed']],
  [
    'a number too large',
    'a: 12345678901234567890\n',
    ['1:4 12345678901234567890 does not fit into a number'],
  ],
  ['a wrong tagged number', 'a: !!int x\n', ["1:10 'x' is not what '!!int' says"]],
  ['an unknown directive', '%FOO x\n---\na: 1\n', ['1:1 Unknown directive %FOO']],
  ['deep flow', `a: ${'['.repeat(65)}${']'.repeat(65)}\n`, ['1:67 nested deeper than 64 levels']],
  ['deep lists', `${'- '.repeat(70)}x\n`, ['1:129 nested deeper than 64 levels']],
];

describe('readYaml reports', () => {
  it.for(bad)('%s', ([, text, expected]) => expect(problems(text)).toEqual(expected));

  it('both places of a duplicate key', () => {
    expect(readYaml('f', 'a: 1\nb: 2\na: 3\n').diagnostics).toMatchObject([
      { place: { line: 3, col: 1 }, related: [{ place: { line: 1, col: 1 } }] },
    ]);
  });

  it('50 MB of brackets, without reading on', () => {
    expect(problems('['.repeat(50 * 1024 * 1024))).toEqual(['1:65 nested deeper than 64 levels']);
  });

  it('an alias bomb, once', () => {
    const lines = Array.from(
      { length: 30 },
      (_, index) => `k${index + 1}: &k${index + 1} [${`*k${index}, `.repeat(9)}]`,
    );
    expect(problems(`k0: &k0 [x]\n${lines.join('\n')}\n`)).toEqual([
      '7:9 the aliases in here stand for more than 1000000 values',
    ]);
  });

  it('nothing about 60 levels, or about many flat keys after block texts', () => {
    const deep = Array.from({ length: 60 }, (_, index) => `${' '.repeat(index)}k:`).join('\n');
    expect(problems(deep)).toEqual([]);
    expect(
      problems(
        Array.from({ length: 500 }, (_, index) => `k${index}:\n  a: |\n    [[[[ {{{\n  b: [x]\n`).join(''),
      ),
    ).toEqual([]);
  });
});
