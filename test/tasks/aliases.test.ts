import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AliasesState } from '../../src/tasks/aliases/state.ts';
import { aliases } from '../../src/tasks/aliases.ts';
import type { Facts } from '../../src/tasks/facts.ts';
import { facts } from './samples.ts';

const args = { interface: 'eth1', addresses: '203.0.113.10-203.0.113.13' };

function seen(name = 'aliases-mixed'): AliasesState {
  const stdout = readFileSync(new URL(`captures/${name}.txt`, import.meta.url), 'utf8');
  const observation = aliases.read({ code: 0, stdout, stderr: '' }, args);
  if (observation.kind !== 'present') throw new Error(JSON.stringify(observation));
  return observation.state;
}

function wanted(from: AliasesState, host: Facts = facts) {
  return aliases.desired(args, { kind: 'present', state: from }, host);
}

const arrived = (serverAddress: string): Facts => ({
  ...facts,
  managementPath: { clientAddress: '192.0.2.9', serverAddress, serverPort: 22, interface: 'eth1', via: null },
});

test('reads what is ours and leaves the primary and foreign secondaries out', () => {
  const state = seen();
  expect(state.primary?.address).toBe('203.0.113.10');
  expect(
    state.addresses.map(({ interface: device, address, label }) => `${device} ${address} ${label}`),
  ).toEqual(['eth1 203.0.113.12 eth1:5', 'eth1 203.0.113.77 eth1:7', 'eth2 203.0.113.11 eth2']);
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

test('the way in is never deleted', () => {
  expect(wanted(seen(), arrived('203.0.113.77'))).toEqual({
    kind: 'refused',
    why: '203.0.113.77 on eth1 would have to go for a moment or for good, and it is the way in',
  });
  expect(wanted(seen(), arrived('203.0.113.12')).kind).toBe('state');
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
