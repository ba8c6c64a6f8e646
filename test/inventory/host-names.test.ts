import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHostKey } from '../../src/inventory/host-names.ts';

describe('the keys under hosts', () => {
  it.for([
    ['gw1', ['gw1'], undefined],
    ['w[01:03]', ['w01', 'w02', 'w03'], undefined],
    ['w[1:9:4]x', ['w1x', 'w5x', 'w9x'], undefined],
    ['d[a:c]', ['da', 'db', 'dc'], undefined],
    ['r[1:2]n[a:b]', ['r1na', 'r1nb', 'r2na', 'r2nb'], undefined],
    ['w[:2]', ['w0', 'w1', 'w2'], undefined],
    ['h:2222', ['h'], 2222],
    ['h[1:2]:22', ['h1', 'h2'], 22],
    ['[2001:db8::1]:22', ['2001:db8::1'], 22],
    ['2001:db8::1', ['2001:db8::1'], undefined],
    ['odd name', ['odd name'], undefined],
  ] as const)('%s', ([key, names, port]) =>
    expect(readHostKey(key)).toEqual(port === undefined ? { names } : { names, port }),
  );

  it.for([
    ['w[5:2]', 'run upwards'],
    ['w[1:a]', 'run upwards'],
    ['w[01:100]', 'equally many digits'],
    ['w[1:]', 'has no end'],
    ['w[1]', '[begin:end]'],
    ['w[1:2:3:4]', '[begin:end]'],
    ['w[1:5:0]', 'stride'],
    ['w[1:5', "no ']'"],
    ['w[1:1000000]', 'run upwards'],
    ['w[1:999][1:999]', '998001 hosts'],
    ['h:0', 'not a port'],
    ['h:70000', 'not a port'],
  ] as const)('%s is refused', ([key, words]) =>
    expect(readHostKey(key)).toMatchObject({ problem: expect.stringContaining(words) as string }),
  );

  it('gives every number of a range once, in order', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.integer({ min: 1, max: 9 }), (first, more, stride) => {
        const read = readHostKey(`h[${first}:${first + more}:${stride}]`);
        const expected = Array.from(
          { length: Math.floor(more / stride) + 1 },
          (_, index) => `h${first + index * stride}`,
        );
        expect(read).toEqual({ names: expected });
      }),
    );
  });
});
