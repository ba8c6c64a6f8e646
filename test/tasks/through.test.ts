import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { addressOwnersScript, readAddressOwners } from '../../src/tasks/address-owner.ts';
import { gatewayLookScript, readGatewayLook } from '../../src/tasks/gateway-look.ts';
import {
  probeHosts,
  readSource,
  readThrough,
  sourceScript,
  type ThroughOrder,
  throughScript,
} from '../../src/tasks/through.ts';

const orders: readonly [ThroughOrder, ThroughOrder] = [
  {
    via: '10.0.0.3',
    probes: [{ tcp: '198.51.100.7:443' }, { ping: 'x.example' }],
    timeoutSeconds: 3,
    retries: 1,
  },
  {
    via: "10.0.0.4'; reboot #",
    probes: [{ http: 'http://u:p@h.example:8080/a?b' }],
    timeoutSeconds: 3,
    retries: 0,
  },
];
const look = { internalInterface: 'eth0', externalInterface: 'eth1', source: '10.0.1.1' };

test.each([
  ['a look through gateways', throughScript('mark', orders)],
  ['a question for owners', addressOwnersScript('mark', 'eth1', ['203.0.113.1', '203.0.113.2'])],
  ['a look at a gateway', gatewayLookScript('mark', look)],
  ['a question for a source', sourceScript('mark', '10.0.0.3')],
])('%s is a script that dash and busybox accept', (_, { text }) => {
  expect(execFileSync('dash', ['-n'], { input: text }).toString()).toBe('');
  expect(execFileSync('busybox', ['ash', '-n'], { input: text }).toString()).toBe('');
});

test('probes speak of hosts', () => {
  expect(probeHosts([...orders[0].probes, ...orders[1].probes])).toEqual([
    '198.51.100.7',
    'x.example',
    'h.example',
  ]);
});

describe('an answer', () => {
  test('is read order by order, however the lines are mixed', () => {
    const said =
      'mark 1 probe 0 ok\nmark 0 silent\nmark 0 probe 1 unknown: no ping\nmark 0 probe 0 failed: why\nmark looked\n';
    expect(readThrough('mark', orders, said)).toEqual([
      {
        answers: [
          { result: 'failed', why: 'why' },
          { result: 'unknown', why: 'no ping' },
        ],
        nextHop: 'silent',
      },
      { answers: [{ result: 'ok', why: '' }], nextHop: 'answers' },
    ]);
  });

  test('that is not whole is none', () => {
    expect(readThrough('mark', orders, 'mark 1 probe 0 ok\n')).toBeUndefined();
    expect(readThrough('mark', orders, 'other looked\n')).toBeUndefined();
    expect(readAddressOwners('mark', '')).toBeUndefined();
    expect(readGatewayLook('mark', 'mark flow a b c\n')).toBeUndefined();
  });

  test('with a hole in it is unknown, not ok', () => {
    expect(readThrough('mark', orders, 'mark looked\n')?.[1]?.answers[0]?.result).toBe('unknown');
  });

  test('names the owners of addresses', () => {
    expect(readAddressOwners('mark', 'mark taken 203.0.113.1 02:AA\nmark asked\n')).toEqual({
      taken: [{ address: '203.0.113.1', owner: '02:aa' }],
      unasked: undefined,
    });
  });

  test('names faults and flows of a gateway', () => {
    const said =
      'mark fault it is tired\nmark flow tcp/sport=1 198.51.100.7 203.0.113.1\nmark leaks 7\nmark looked\n';
    expect(readGatewayLook('mark', said)).toEqual({
      faults: ['it is tired'],
      flows: [{ key: 'tcp/sport=1', destination: '198.51.100.7', seenAs: '203.0.113.1' }],
      leaks: 7,
      unread: undefined,
    });
  });

  test('names the source address', () => {
    expect(readSource('mark', 'mark source 10.0.1.1\n')).toBe('10.0.1.1');
    expect(readSource('mark', 'mark source \n')).toBe('');
  });
});
