import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesOf } from '../../src/playbook/batch.ts';
import type { Amount } from '../../src/playbook/play.ts';
import { readText } from './reading.ts';

const ten = Array.from({ length: 10 }, (_, index) => `h${index}`);

function sizes(keywords: string, hosts: readonly string[] = ten): readonly number[] {
  const { playbook, diagnostics } = readText(`- { hosts: all, tasks: [], ${keywords} }`);
  const play = playbook?.plays[0];
  if (play === undefined) throw new Error(JSON.stringify(diagnostics));
  return batchesOf(hosts, play).map((batch) => batch.length);
}

describe('serial over ten hosts, as Ansible 2.14 did it', () => {
  test.each([
    ['serial: "25%"', [2, 2, 2, 2, 2]],
    ['serial: "5%"', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    ['serial: [1, 3, "20%"]', [1, 3, 2, 2, 2]],
    ['serial: 0', [10]],
    ['serial: "33%"', [3, 3, 3, 1]],
    ['serial: "35%"', [3, 3, 3, 1]],
    ['serial: [2, 0]', [2, 8]],
    ['serial: "0%"', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    ['serial: [3]', [3, 3, 3, 1]],
    ['serial: 100', [10]],
    ['serial: "150%"', [10]],
    ['serial: -1', [10]],
    ['serial: [1, "25%", "100%"]', [1, 2, 7]],
  ])('%s', (keywords, wanted) => {
    expect(sizes(keywords)).toEqual(wanted);
  });
});

describe('canary', () => {
  test.each([
    ['canary: 1', [1, 9]],
    ['canary: 1, serial: 4', [1, 4, 4, 1]],
    ['canary: "20%", serial: "50%"', [2, 5, 3]],
    ['canary: 0, serial: 5', [5, 5]],
    ['canary: 20', [10]],
  ])('%s', (keywords, wanted) => {
    expect(sizes(keywords)).toEqual(wanted);
  });
});

test('no hosts, no batches', () => {
  expect(sizes('serial: 1, canary: 1', [])).toEqual([]);
});

test('every host is in exactly one batch, in order', () => {
  const amount: fc.Arbitrary<Amount> = fc.oneof(
    fc.record({ count: fc.nat(20) }),
    fc.record({ percent: fc.nat(120) }),
  );
  const play = fc.record({
    serial: fc.array(amount, { minLength: 1, maxLength: 4 }),
    canary: fc.option(amount),
  });
  fc.assert(
    fc.property(fc.nat(60), play, (count, rules) => {
      const hosts = Array.from({ length: count }, (_, index) => `h${index}`);
      const batches = batchesOf(hosts, rules);
      expect(batches.flat()).toEqual(hosts);
      expect(batches.every((batch) => batch.length > 0)).toBe(true);
    }),
  );
});
