import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AliasesState } from '../../src/tasks/aliases/state.ts';
import { type AliasesArgs, aliases } from '../../src/tasks/aliases.ts';
import type { Facts } from '../../src/tasks/facts.ts';
import { ownWay } from '../../src/tasks/way-in.ts';
import { facts } from './samples.ts';

const args = { interface: 'eth1', addresses: '203.0.113.10-203.0.113.13' };

function seen(live = '203.0.113.77 0 5', rules = ''): AliasesState {
  const text = readFileSync(new URL('captures/aliases-mixed.txt', import.meta.url), 'utf8');
  const stdout = text.replace('carried\n', `carried\n${rules}`);
  const observation = aliases.read({ code: 0, stdout, stderr: `connections ${live}\n` }, args);
  if (observation.kind !== 'present') throw new Error(JSON.stringify(observation));
  return observation.state;
}

function wanted(from: AliasesState, host: Facts = facts) {
  return aliases.desired(args, { kind: 'present', state: from }, host);
}

const arrived = (serverAddress: string): Facts => ({
  ...facts,
  managementPath: {
    clientAddress: '192.0.2.9',
    serverAddress,
    serverPort: 22,
    interface: 'eth1',
    via: null,
    route: '',
  },
});

test('reads what is ours and leaves the primary and foreign secondaries out', () => {
  const state = seen();
  expect(state.primary?.address).toBe('203.0.113.10');
  expect(
    state.addresses.map(({ interface: device, address, label }) => `${device} ${address} ${label}`),
  ).toEqual(['eth1 203.0.113.12 eth1:5', 'eth2 203.0.113.11 eth2']);
  expect(state.leaving.map(({ address }) => address)).toEqual(['203.0.113.77']);
  expect(state.sources).toEqual(['203.0.113.12']);
});

test('a plan names each alias once: kept numbers are kept, new ones take the lowest free', () => {
  const from = seen();
  const to = wanted(from);
  expect(to.kind === 'state' && aliases.changes(from, to.state)).toEqual([
    {
      action: 'update',
      kind: 'alias',
      name: 'eth1:0',
      from: '203.0.113.11/32 unlabelled on eth2',
      to: '203.0.113.11/24',
    },
    { action: 'create', kind: 'alias', name: 'eth1:1', to: '203.0.113.13/24' },
    { action: 'delete', kind: 'alias', name: 'eth1:7', from: '203.0.113.77/24' },
  ]);
});

/** What going from the captured host to the pool does to the way in. */
function touched(host: Facts) {
  const from = seen();
  const to = wanted(from, host);
  if (to.kind !== 'state') throw new Error(to.why);
  return ownWay(host).flatMap((way) => aliases.wayIn?.(from, to.state, way, host) ?? []);
}

test.each([
  [
    'the address we came in by is deleted',
    '203.0.113.77',
    'cuts',
    'we came in by 203.0.113.77 on eth1, and it is deleted',
  ],
  ['it moves', '203.0.113.11', 'cuts', 'we came in by 203.0.113.11 on eth2, and it moves to eth1'],
  ['it stays and others change', '203.0.113.10', 'rides', 'the way in comes by eth1, whose addresses change'],
] as const)('the way in when %s', (_, address, kind, text) => {
  expect(touched(arrived(address))).toEqual([{ kind, text }]);
});

test('the way in is cut where the client or its next hop becomes an address of the host', () => {
  const host = arrived('10.0.0.1');
  const path = { ...arrived('10.0.0.1').managementPath!, interface: 'eth0' };
  expect(touched({ ...host, managementPath: { ...path, clientAddress: '203.0.113.13' } })).toEqual([
    { kind: 'cuts', text: '203.0.113.13 is where we come from, and it becomes an address of this host' },
  ]);
  expect(touched({ ...host, managementPath: { ...path, via: '203.0.113.13' } })[0]?.text).toBe(
    'the way in answers by the next hop 203.0.113.13, and that becomes an address of this host',
  );
  expect(touched({ ...host, managementPath: path })).toEqual([]);
});

test('an address that a route names as its source is never deleted', () => {
  const from = seen();
  const refused = wanted({ ...from, sources: ['203.0.113.77'] });
  expect(refused.kind === 'refused' && refused.why).toContain('a route that names it as its source');
});

test('an address outside the subnet of the primary gets /32, and no neighbours on-link', () => {
  const far = { interface: 'eth1', addresses: '198.51.100.8/31' };
  const to = aliases.desired(far, { kind: 'absent' }, facts);
  expect(
    to.kind === 'state' &&
      to.state?.addresses.map(({ address, prefix, broadcast }) => [address, prefix, broadcast]),
  ).toEqual([
    ['198.51.100.8', 32, null],
    ['198.51.100.9', 32, null],
  ]);
});

test('a device with a long name goes without labels, and says so', () => {
  const [, eth1] = facts.interfaces;
  const long = {
    ...facts,
    interfaces: [{ name: 'enp101s0f1.1000', up: true, addresses: eth1?.addresses ?? [] }],
  };
  const to = aliases.desired({ ...args, interface: 'enp101s0f1.1000' }, { kind: 'absent' }, long);
  expect(to.kind === 'state' && to.state?.addresses.every(({ label }) => label === 'enp101s0f1.1000')).toBe(
    true,
  );
  expect(to.kind === 'state' && to.notes?.[0]?.text).toContain('aliases go without a label');
});

test('a host without arping is warned about', () => {
  const to = wanted(seen(), { ...facts, tools: ['ip'] });
  expect(to.kind === 'state' && to.notes?.map(({ text }) => text).join()).toContain(
    'arping is not installed',
  );
});

test('a missing ip is unknown, and says what to install', () => {
  const stderr = 'ip is not installed on the host: apt install iproute2\n';
  expect(aliases.read({ code: 127, stdout: '', stderr }, args)).toEqual({
    kind: 'unknown',
    why: 'ip is not installed on the host: apt install iproute2',
  });
});

test('a part of a pool that is no address is found at its place', () => {
  const [problem] = aliases.problems({ interface: 'eth1', addresses: ['203.0.113.10', '010.0.0.1'] });
  expect(problem?.path).toEqual(['addresses', 1]);
});

describe('an address that leaves the pool', () => {
  const leaver = (state: AliasesState, more: Partial<AliasesArgs> = {}) => {
    const goal: AliasesArgs = { ...args, ...more };
    const seenNow = { kind: 'present', state } as const;
    const to = aliases.desired(goal, seenNow, facts);
    if (to.kind !== 'state') throw new Error(to.why);
    return {
      changes: aliases.changes(state, to.state).filter(({ name }) => name === 'eth1:7'),
      notes: (to.notes ?? [])
        .map(({ level, text }) => `${level} ${text}`)
        .filter((text) => /\.77/.test(text)),
      waiting: aliases.waiting?.(to.state, seenNow, goal),
    };
  };

  test('stays as draining as long as rules lead to it, however few its connections are', () => {
    const { changes, notes, waiting } = leaver(seen('203.0.113.77 0 0', '203.0.113.77\n'));
    expect(changes).toEqual([
      { action: 'update', kind: 'alias', name: 'eth1:7', from: '203.0.113.77/24', to: 'draining' },
    ]);
    expect(notes).toEqual([
      'info 203.0.113.77 takes no new connections; it goes as soon as the rules are changed',
    ]);
    expect(waiting).toEqual({ what: '203.0.113.77', connections: 0, seconds: 30 });
  });

  test('is no change and says how many it waits for while connections live', () => {
    const { changes, notes, waiting } = leaver(seen('203.0.113.77 37 2'));
    expect(changes).toEqual([]);
    expect(notes).toEqual(['warning 203.0.113.77 is draining, 37 connections']);
    expect(waiting?.connections).toBe(37);
  });

  test('that has gone since is as the run left it, so that the run can be taken back', () => {
    const left = seen('203.0.113.77 37 2');
    const gone = { ...left, leaving: [] };
    expect(left.leaving).toHaveLength(1);
    expect(aliases.settled?.(left, gone)).toEqual(gone);
    expect(aliases.settled?.(left, left)).toEqual(left);
    // Somebody else's change stays one.
    expect(aliases.settled?.(left, { ...gone, addresses: [] })?.addresses).toEqual(left.addresses);
  });

  test('goes when nothing but TIME_WAIT is left', () => {
    const { changes, waiting } = leaver(seen('203.0.113.77 0 44'));
    expect(changes.map(({ action }) => action)).toEqual(['delete']);
    expect(waiting).toBeUndefined();
  });

  test('stays where its connections cannot be counted, and says what to install', () => {
    const { changes, notes } = leaver(seen('none'));
    expect(changes).toEqual([]);
    expect(notes[0]).toContain('cannot be counted (apt install conntrack)');
  });

  test('is cut at its deadline when that is wanted, and the plan says how many break', () => {
    // biome-ignore lint/suspicious/noThenProperty: the users' word
    const { waiting } = leaver(seen('203.0.113.77 37 2'), { drain: { deadline: '10m', then: 'cut' } });
    expect(waiting).toMatchObject({ seconds: 600, atDeadline: { ...args, drain: false } });
    const { changes, notes } = leaver(seen('203.0.113.77 37 2'), { drain: false });
    expect(changes.map(({ action }) => action)).toEqual(['delete']);
    expect(notes).toEqual(['danger 203.0.113.77 goes, 37 connections on it break']);
  });

  test('keeps its number to itself until it is gone', () => {
    const from = seen('203.0.113.77 1 0');
    const pool = { ...args, addresses: ['203.0.113.10-203.0.113.19'] };
    const to = aliases.desired(pool, { kind: 'present', state: from }, facts);
    const numbers = to.kind === 'state' ? to.state?.addresses.map(({ label }) => label) : [];
    expect(numbers).not.toContain('eth1:7');
  });
});
