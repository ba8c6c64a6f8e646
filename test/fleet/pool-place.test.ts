import { expect, test } from 'vitest';
import { poolPlaceWarnings } from '../../src/fleet/pool-place.ts';

const routed = 'right only when it is routed to this gateway upstream';

test.each<[readonly string[], string, number, readonly string[]]>([
  [['203.0.113.11', '203.0.113.12'], '203.0.113.10', 24, []],
  [['203.0.113.0'], '203.0.113.10', 24, [`203.0.113.0 is the network address of 203.0.113.10/24: ${routed}`]],
  [
    ['203.0.113.15'],
    '203.0.113.10',
    28,
    [`203.0.113.15 is the broadcast address of 203.0.113.10/28: ${routed}`],
  ],
  [['198.51.100.1'], '203.0.113.10', 24, [`198.51.100.1 is outside of 203.0.113.10/24: ${routed}`]],
  [
    ['4.2.2.0', '4.2.2.1', '4.2.2.2'],
    '203.0.113.10',
    24,
    [`4.2.2.0 and 2 more are outside of 203.0.113.10/24: ${routed}`],
  ],
  [['4.2.2.0', '4.2.2.5'], '4.2.2.1', 24, [`4.2.2.0 is the network address of 4.2.2.1/24: ${routed}`]],
  [['203.0.113.10', '203.0.113.11'], '203.0.113.10', 31, []],
  [['203.0.113.10'], '203.0.113.10', 32, []],
  [['203.0.113.10'], 'fe80::1', 64, []],
])('%j on %s/%i', (pool, address, prefix, wanted) => {
  expect(poolPlaceWarnings(pool, { address, prefix })).toEqual(wanted);
});
