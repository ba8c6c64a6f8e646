import { expect, test } from 'vitest';
import { parseDuration } from '../../src/playbook/duration.ts';

test.each<[unknown, number | undefined]>([
  [60, 60],
  ['60', 60],
  ['60s', 60],
  ['5m', 300],
  ['10 m', 600],
  ['2h', 7200],
  [0, 0],
  ['1.5m', undefined],
  [1.5, undefined],
  [-1, undefined],
  ['-1', undefined],
  ['5d', undefined],
  ['', undefined],
  ['m', undefined],
  [true, undefined],
  [null, undefined],
  ['9999999h', undefined],
])('%j is %j seconds', (written, seconds) => {
  expect(parseDuration(written)).toBe(seconds);
});
