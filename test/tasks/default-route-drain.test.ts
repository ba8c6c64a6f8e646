/** What a drain becomes when a route moves, and what a host says that stands against one. */
import { describe, expect, test } from 'vitest';
import { freeShift, isDrain, leftGateways, markOf, movedDrain } from '../../src/tasks/default-route/drain.ts';
import { defaultRoute } from '../../src/tasks/default-route.ts';
import { facts } from './samples.ts';

const policy = { deadlineSeconds: 600, atDeadline: 'leave' } as const;
const move = { policy, shift: 16, lastGeneration: 0 };
const via = (n: number): string => `via 10.0.0.${n} dev eth0`;

describe('generations', () => {
  test('each move has its own, whatever has been before', () => {
    const first = movedDrain(undefined, { ...move, from: via(7), to: via(8), lastGeneration: 253 });
    expect(first?.generations.map(({ number }) => number)).toEqual([254]);
    const second = movedDrain(first, { ...move, from: via(8), to: via(7), lastGeneration: 254 });
    expect(second?.generations.map(({ number }) => number)).toEqual([254, 1]);
    expect(second?.old).toBe(via(7));
  });

  test('only gateways that new connections no longer take are waited for', () => {
    const there = movedDrain(undefined, { ...move, from: via(7), to: via(8) });
    const back = movedDrain(there, { ...move, from: via(8), to: via(7), lastGeneration: 1 });
    const on = movedDrain(back, { ...move, from: via(7), to: via(9), lastGeneration: 2 });
    const left = [there, back, on].map((drain) => (drain === undefined ? [] : leftGateways(drain)));
    expect(left).toEqual([['10.0.0.7'], ['10.0.0.8'], ['10.0.0.7', '10.0.0.8']]);
  });

  test('there is an end to them', () => {
    let drain = movedDrain(undefined, { ...move, from: via(1), to: via(2) });
    for (let n = 1; n < 254; n += 1)
      drain = movedDrain(drain, { ...move, from: via(1), to: via(2), lastGeneration: n });
    expect(drain?.generations).toHaveLength(254);
    expect(movedDrain(drain, { ...move, from: via(1), to: via(2), lastGeneration: 254 })).toBeUndefined();
  });
});

test('marks stand in bits that nobody else uses', () => {
  expect(markOf(16, 1)).toBe('0x10000/0xff0000');
  expect(markOf(24, 0xff)).toBe('0xff000000/0xff000000');
  expect(freeShift([])).toBe(16);
  // Tailscale's mask, and kube-proxy's.
  expect(freeShift([0xff0000])).toBe(24);
  expect(freeShift([0x4000, 0x8000])).toBe(16);
  expect(freeShift([0xffffffff])).toBeUndefined();
});

describe('a host where a drain could not work is refused before anything is touched', () => {
  const ready = '~ generation 3\n~ rule 0 -\n~ rule 32766 -\n~ rp_filter eth0 1\n~ rp_filter all 0\n';
  const wanted = (lines: string, args: object = {}) => {
    const stdout = `default via 10.0.0.7 dev eth0\n${lines}~ next hop answers\n`;
    const seen = defaultRoute.read({ code: 0, stdout, stderr: '' }, { via: '10.0.0.2' });
    return defaultRoute.desired({ via: '10.0.0.2', ...args }, seen, facts);
  };
  const why = (lines: string, args?: object): string => {
    const made = wanted(lines, args);
    return made.kind === 'refused' ? made.why : 'drains';
  };
  test.each([
    [`${ready}~ trial works\n`, 'drains'],
    [`${ready}~ trial untried\n`, 'drains'],
    [
      `${ready}~ trial iptables is not installed (apt install iptables)\n`,
      'this host cannot drain: iptables is not installed (apt install iptables); or say drain: false, which breaks connections',
    ],
    [
      `${ready}~ rule 32765 -\n~ trial works\n`,
      'this host has routing rules of its own that a drain would go before (ip rule, preference 32765); give them preferences under 7700; or say drain: false, which breaks connections',
    ],
    [
      `${ready}~ rule 100 0x1\n~ trial works\n`,
      'others use all bits of packet marks on this host; or say drain: false, which breaks connections',
    ],
  ])('%j', (lines, said) => {
    expect(why(lines)).toBe(said);
    expect(why(lines, { drain: false })).toBe('drains');
  });

  test('strict rp_filter stands against a move to another interface only', () => {
    const lines = `${ready}~ trial works\n`;
    expect(why(lines)).toBe('drains');
    expect(why(lines, { via: '203.0.113.1' })).toContain('rp_filter is strict on eth0');
  });

  test('the generation after the last one, 10 minutes, then leave', () => {
    const made = wanted(`${ready}~ mark --set-xmark 0x80000/0xff0000\n~ trial works\n`);
    const drain = made.kind === 'state' ? made.state?.drain : undefined;
    expect(isDrain(drain) && drain).toEqual({
      ...policy,
      old: via(7),
      generations: [{ number: 4, route: via(2) }],
      shift: 24,
      began: null,
    });
  });
});

test('what is left of a drain that is not whole is taken away, and shown', () => {
  const stdout = 'default via 10.0.0.7 dev eth0\ndrain rule 7701 from all lookup 7701\n~ next hop unasked\n';
  const seen = defaultRoute.read({ code: 0, stdout, stderr: '' }, { via: '10.0.0.7' });
  if (seen.kind !== 'present') throw new Error('unread');
  const made = defaultRoute.desired({ via: '10.0.0.7' }, seen, facts);
  expect(made.kind === 'state' && defaultRoute.changes(seen.state, made.state)).toMatchObject([
    {
      action: 'delete',
      kind: 'drain',
      from: 'what is left of one',
      detail: ['-rule 7701 from all lookup 7701'],
    },
  ]);
});
