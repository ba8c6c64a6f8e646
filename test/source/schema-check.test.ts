import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { schemaCheck } from '../../src/source/schema-check.ts';
import { readYaml } from '../../src/source/yaml-document.ts';

const schema = Type.Object(
  {
    name: Type.String(),
    mode: Type.Optional(Type.String()),
    spread: Type.Optional(Type.Union([Type.Literal('connection'), Type.Literal('hash')])),
    pool: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    port: Type.Optional(Type.Integer({ minimum: 1 })),
    drain: Type.Optional(
      Type.Union([
        Type.Literal(false),
        Type.Object(
          { deadline: Type.String(), after: Type.Optional(Type.String()) },
          { additionalProperties: false },
        ),
      ]),
    ),
  },
  { additionalProperties: false },
);
const check = schemaCheck(schema);

function problems(text: string): readonly string[] {
  return check(readYaml('f', text).root!).map(
    ({ message, place, hint }) =>
      `${place!.line}:${place!.col} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

describe('schemaCheck', () => {
  it.for([
    ['a good one', 'name: x\npool: [a, b]\ndrain: false', []],
    ['an unknown key', 'name: x\nspraed: hash', ["2:1 unknown key 'spraed' (did you mean 'spread'?)"]],
    ['a missing key at its parent', 'mode: "1"', ["1:1 'name' is missing"]],
    [
      'text wanted, number written',
      'name: x\nmode: 0644',
      ['2:7 \'mode\' must be text, and this is a number (quote it: "0644")'],
    ],
    [
      'text wanted, boolean written',
      'name: yes',
      ['1:7 \'name\' must be text, and this is true or false (quote it: "yes")'],
    ],
    [
      'a wrong word',
      'name: x\nspread: hahs',
      ["2:9 'spread' must be one of connection, hash (did you mean 'hash'?)"],
    ],
    [
      'neither branch',
      'name: x\npool: 5',
      ['2:7 \'pool\' must be text or a list, and this is a number (quote it: "5")'],
    ],
    [
      'inside the branch that was meant',
      'name: x\npool: [a, 1.10]',
      ['2:11 item 2 of \'pool\' must be text, and this is a number (quote it: "1.10")'],
    ],
    [
      'a key inside the branch that was meant',
      'name: x\ndrain: {deadline: 10m, afer: cut}',
      ["2:24 unknown key 'afer' (did you mean 'after'?)"],
    ],
    ['a bound', 'name: x\nport: 0', ["2:7 'port' must be >= 1"]],
    [
      'several at once',
      'nam: x\nport: a',
      [
        "1:1 'name' is missing",
        "1:1 unknown key 'nam' (did you mean 'name'?)",
        "2:7 'port' must be a whole number, and this is text",
      ],
    ],
  ] as const)('%s', ([, text, expected]) => expect(problems(text)).toEqual(expected));

  it('says through which alias a wrong value came', () => {
    const [first] = schemaCheck(Type.Object({ a: Type.Unknown(), b: Type.String() }))(
      readYaml('f', 'a: &v 5\nb: *v\n').root!,
    );
    expect(first).toMatchObject({ place: { line: 1, col: 7 }, related: [{ place: { line: 2, col: 4 } }] });
  });
});
