import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  formatAddress,
  formatNetwork,
  networkOf,
  parseAddress,
  parseNetwork,
} from '../../src/address/ipv4.ts';

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('addresses', () => {
  test.each([
    '10.1',
    '010.0.0.1',
    '1.2.3.256',
    '1.2.3',
    '1.2.3.4.5',
    '',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '0x7f.0.0.1',
    '1.2.3.-4',
    '1.2.3.4\n',
    '1.2.3.٤',
    '1.2.3.4/32',
    '1e1.2.3.4',
    '1..3.4',
    '::1',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('every number is written and read back', () => {
    fc.assert(
      fc.property(number, (value) => {
        const text = formatAddress(value);
        expect(isIPv4(text)).toBe(true);
        expect(parseAddress(text)).toBe(value);
      }),
    );
  });

  test('what is read is what Node takes for an address', () => {
    const part = fc.oneof(
      fc.integer({ min: -1, max: 300 }).map(String),
      fc.constantFrom('', '01', '00', '0', '1 ', 'a'),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 3, maxLength: 5 }), (parts) => {
        const text = parts.join('.');
        expect(parseAddress(text) !== undefined).toBe(isIPv4(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe('networks', () => {
  test.each<[string, string | undefined]>([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.9.9.9/8', '10.0.0.0/8'],
    ['203.0.113.77/28', '203.0.113.64/28'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['10.0.0.0/33', undefined],
    ['10.0.0.0/08', undefined],
    ['10.0.0.0/', undefined],
    ['10.0.0.0', undefined],
    ['10.0.0.0/8/8', undefined],
    ['10.0/8', undefined],
    ['10.0.0.0/-1', undefined],
    ['10.0.0.0/8 ', undefined],
  ])('%j is %j', (text, wanted) => {
    const network = parseNetwork(text);
    expect(network === undefined ? undefined : formatNetwork(network)).toBe(wanted);
  });

  test('a network has its addresses and no others', () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 0, max: 32 }), number, (address, prefix, other) => {
        const network = networkOf(address, prefix);
        expect(network.last - network.first + 1).toBe(2 ** (32 - prefix));
        expect(contains(network, address)).toBe(true);
        expect(contains(network, other)).toBe(networkOf(other, prefix).first === network.first);
      }),
    );
  });
});
