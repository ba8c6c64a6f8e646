import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, distance, nearest } from '../../src/source/did-you-mean.ts';

describe('did you mean', () => {
  it.for([
    ['gatewys', 'gateways'],
    ['gatewasy', 'gateways'],
    ['Hosts', 'hosts'],
    ['hsots', 'hosts'],
    ['snat_pol', 'snat_pool'],
  ] as const)('%s -> %s', ([word, meant]) =>
    expect(nearest(word, ['hosts', 'gateways', 'snat_pool'])).toBe(meant),
  );

  it('stays silent when nothing is near', () => {
    expect(didYouMean('port', ['hosts', 'vars', 'children'])).toBeUndefined();
  });

  it('counts a swap of neighbours as one step', () => expect(distance('ab', 'ba')).toBe(1));

  it('is a distance: symmetric, zero only for equals, never more than the longer word', () => {
    const word = fc.stringMatching(/^[abc]{0,7}$/);
    fc.assert(
      fc.property(word, word, (left, right) => {
        expect(distance(left, right)).toBe(distance(right, left));
        expect(distance(left, right) === 0).toBe(left === right);
        expect(distance(left, right)).toBeLessThanOrEqual(Math.max(left.length, right.length));
      }),
    );
  });
});
