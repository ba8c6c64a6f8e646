import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../src/address/ipv4.ts';
import { poolLimit, poolRanges, readPool } from '../../src/address/pool.ts';

function read(spec: string | readonly string[]): readonly string[] | string {
  const reading = readPool(spec);
  return 'addresses' in reading ? reading.addresses : `${reading.part}: ${reading.problem}`;
}

describe('pools', () => {
  test.each<[string | readonly string[], readonly string[]]>([
    ['203.0.113.10-203.0.113.12', ['203.0.113.10', '203.0.113.11', '203.0.113.12']],
    ['203.0.113.10 - 203.0.113.11', ['203.0.113.10', '203.0.113.11']],
    ['203.0.113.10', ['203.0.113.10']],
    ['203.0.113.12/30', ['203.0.113.12', '203.0.113.13', '203.0.113.14', '203.0.113.15']],
    ['203.0.113.14/31', ['203.0.113.14', '203.0.113.15']],
    [
      ['203.0.113.20', '203.0.113.10-203.0.113.11'],
      ['203.0.113.20', '203.0.113.10', '203.0.113.11'],
    ],
    ['4.2.2.0-4.2.2.5', ['4.2.2.0', '4.2.2.1', '4.2.2.2', '4.2.2.3', '4.2.2.4', '4.2.2.5']],
    ['203.0.113.255-203.0.114.0', ['203.0.113.255', '203.0.114.0']],
  ])('%j', (spec, wanted) => {
    expect(read(spec)).toEqual(wanted);
  });

  test.each<[string | readonly string[], RegExp]>([
    ['', /^0: '' is not an IPv4 address/],
    [[], /^0: a pool needs at least one address/],
    ['203.0.113.12-203.0.113.10', /^0: the range .* runs backwards/],
    [['203.0.113.1', '10.1'], /^1: '10.1' is not an IPv4 address/],
    ['203.0.113.1-203.0.113.2-203.0.113.3', /^0: .* is not an address, a range A-B or a CIDR/],
    ['203.0.113.1-5', /^0: '5' is not an IPv4 address/],
    ['203.0.113.0/33', /^0: .* is not a network/],
    ['10.0.0.0/8', /^0: .* has 16777216 addresses, a pool has at most 1024/],
    [['203.0.113.1', '203.0.113.0/30'], /^1: 203.0.113.1 is in the pool twice/],
    [['10.0.0.0/22', '10.1.0.0'], /^0: 1025 addresses, a pool has at most 1024/],
  ])('%j is refused', (spec, wanted) => {
    expect(read(spec)).toMatch(wanted);
  });

  test('a range has all its addresses in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2000 }), fc.nat(poolLimit - 1), (first, more) => {
        const reading = readPool(`${formatAddress(first)}-${formatAddress(first + more)}`);
        const found = 'addresses' in reading ? reading.addresses : [];
        expect(found).toHaveLength(more + 1);
        expect(found.map((address) => (parseAddress(address) ?? 0) - first)).toEqual(
          Array.from({ length: more + 1 }, (_, index) => index),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('ranges', () => {
  test('neighbours are folded in the given order', () => {
    expect(poolRanges(['203.0.113.10', '203.0.113.11', '203.0.113.13', '203.0.113.12'])).toEqual([
      { first: '203.0.113.10', last: '203.0.113.11' },
      { first: '203.0.113.13', last: '203.0.113.13' },
      { first: '203.0.113.12', last: '203.0.113.12' },
    ]);
  });

  test('the ranges of a pool are the pool', () => {
    const addresses = fc.uniqueArray(fc.integer({ min: 1000, max: 1030 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(addresses, (numbers) => {
        const pool = numbers.map(formatAddress);
        expect(read(poolRanges(pool).map(({ first, last }) => `${first}-${last}`))).toEqual(pool);
      }),
    );
  });
});
