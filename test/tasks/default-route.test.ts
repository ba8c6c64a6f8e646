import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DefaultRouteState } from '../../src/tasks/default-route/state.ts';
import { defaultRoute } from '../../src/tasks/default-route.ts';
import { facts } from './samples.ts';

const mixed = readFileSync(new URL('captures/default-routes-mixed.txt', import.meta.url), 'utf8');

function state(stdout: string): DefaultRouteState {
  const observation = defaultRoute.read({ code: 0, stdout, stderr: '' }, { via: '10.0.0.2' });
  if (observation.kind !== 'present') throw new Error(JSON.stringify(observation));
  return observation.state;
}

function planned(stdout: string, args: Parameters<typeof defaultRoute.desired>[0], host = facts) {
  const from = state(stdout);
  const to = defaultRoute.desired(args, { kind: 'present', state: from }, host);
  if (to.kind === 'refused') return { why: to.why };
  return { routes: to.state?.routes, changes: defaultRoute.changes(from, to.state), notes: to.notes };
}

test('reads the routes of the host word for word', () => {
  expect(state(mixed).routes).toEqual([
    'via 10.0.0.1 dev eth0 proto static src 10.0.0.9 metric 100 mtu 1400',
    'via 10.0.0.3 dev eth0 metric 100',
    'metric 200 nexthop via 10.0.0.1 dev eth0 weight 1 nexthop via 203.0.113.1 dev eth1 weight 2',
    'blackhole metric 900',
  ]);
});

test('a move is one line with the two next hops, and extra routes have lines of their own', () => {
  const { changes, routes } = planned(mixed.replace('unasked', 'answers'), { via: '10.0.0.2' });
  expect(routes).toEqual([
    'via 10.0.0.2 dev eth0 proto static metric 100 mtu 1400',
    'metric 200 nexthop via 10.0.0.1 dev eth0 weight 1 nexthop via 203.0.113.1 dev eth1 weight 2',
    'blackhole metric 900',
  ]);
  expect(changes?.map(({ action, name, from, to }) => [action, name, from, to])).toEqual([
    [
      'update',
      'route',
      'via 10.0.0.1 dev eth0 proto static src 10.0.0.9 metric 100 mtu 1400',
      'via 10.0.0.2 dev eth0 proto static metric 100 mtu 1400',
    ],
    ['delete', 'route metric 100', 'via 10.0.0.3 dev eth0 metric 100', undefined],
  ]);
  const plain = planned('default via 10.0.0.1 dev eth0\n~ next hop answers\n', { via: '10.0.0.2' });
  expect(plain.changes?.[0]).toMatchObject({
    kind: 'default',
    name: 'route',
    from: '10.0.0.1',
    to: '10.0.0.2',
  });
});

describe('notes', () => {
  // biome-ignore lint/suspicious/noThenProperty: it is the users' word, and nobody awaits it
  const args = { via: '10.0.0.2', drain: { deadline: '10m', then: 'leave' as const } };
  test.each([
    ['default', '10.0.0.1', 1],
    ['192.0.2.0/24', '10.0.0.1', 0],
    ['', '10.0.0.1', 1],
    ['', '10.0.0.7', 0],
  ])('the way in by the route %j via %s rides on it %i times', (route, via, times) => {
    const path = { clientAddress: '192.0.2.9', serverAddress: '10.0.0.9', serverPort: 22, interface: 'eth0' };
    const way = { kind: 'own', ...path, via, route, arrives: 'eth0' } as const;
    const from = state('default via 10.0.0.1 dev eth0\n~ next hop answers\n');
    const to = state('default via 10.0.0.2 dev eth0\n~ next hop unasked\n');
    expect(defaultRoute.wayIn?.(from, to, way, facts)).toHaveLength(times);
    expect(defaultRoute.wayIn?.(to, to, way, facts)).toEqual([]);
  });
  test('a route that may come back is said', () => {
    const { notes } = planned('default via 10.0.0.1 dev eth0 proto dhcp\n~ next hop answers\n', args, facts);
    expect(notes).toEqual([
      { level: 'warning', text: 'the route came by dhcp, which may bring the old one back' },
    ]);
  });
  test('nothing is said where nothing moves', () => {
    expect(planned('default via 10.0.0.2 dev eth0\n~ next hop unasked\n', args)).toEqual({
      routes: ['via 10.0.0.2 dev eth0'],
      changes: [],
      notes: [],
    });
  });
});

describe('refusals', () => {
  const from = 'default via 10.0.0.7 dev eth0\n~ next hop silent\n';
  test.each([
    ['10.0.0.2', 'nobody answers for 10.0.0.2 on eth0; the default route stays where it is'],
    ['10.0.0.1', '10.0.0.1 is an address of this host itself'],
    [
      '198.51.100.1',
      '198.51.100.1 is in no subnet of this host (eth0 10.0.0.1/8, eth1 203.0.113.10/24), so it cannot be a next hop',
    ],
  ])('%s', (via, why) => {
    expect(planned(from, { via })).toEqual({ why });
  });
  test('an interface that is not there', () => {
    expect(planned(from, { via: '10.0.0.2', interface: 'eth9' })).toEqual({
      why: 'there is no interface eth9 on the host; it has eth0, eth1',
    });
  });
});

test('a next hop on another interface takes the source address off the route', () => {
  const { routes } = planned('default via 10.0.0.7 dev eth0 src 10.0.0.1 metric 5\n~ next hop answers\n', {
    via: '203.0.113.1',
  });
  expect(routes).toEqual(['via 203.0.113.1 dev eth1 metric 5']);
});
