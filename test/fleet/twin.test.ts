/** Twins as the inventory says them: whose the pool and its addresses are, who moves when they change places. */
import { describe, expect, test } from 'vitest';
import { carriersOf, totalConnections, worstLoss } from '../../src/fleet/capacity.ts';
import { readFleet } from '../../src/fleet/fleet.ts';
import { hostVariables } from '../../src/fleet/host-variables.ts';
import { carriedBy, moversOf } from '../../src/fleet/movers.ts';
import { inventoryOf, said } from '../playbook/reading.ts';

const gw1 = 'ansible_host: 10.0.0.1, spread: hash, snat_pool: 203.0.113.11-203.0.113.13';
const gw2 = 'ansible_host: 10.0.0.2, spread: hash, twin: gw1';
const gw3 = 'ansible_host: 10.0.0.3, snat_pool: 203.0.113.30-203.0.113.32';

function inventory(gateways: Readonly<Record<string, string>>, webservers = '"web[01:20]":') {
  const hosts = Object.entries(gateways).map(([name, variables]) => `    ${name}: { ${variables} }\n`);
  return inventoryOf(`gateways:\n  hosts:\n${hosts.join('')}webservers:\n  hosts:\n    ${webservers}\n`);
}

const fleetOf = (gateways: Readonly<Record<string, string>>, webservers?: string) =>
  readFleet(inventory(gateways, webservers)).fleet;

const problems = (gateways: Readonly<Record<string, string>>, webservers?: string) =>
  said(readFleet(inventory(gateways, webservers)).diagnostics).join('\n');

describe('twins', () => {
  const before = { gw1, gw2: `${gw2}, gateway_state: standby`, gw3 };
  const after = { gw1: `${gw1}, gateway_state: standby`, gw2, gw3 };

  test('have one pool, written once, and its addresses are where the active one is', () => {
    const { gateways } = fleetOf(before);
    expect(gateways.get('gw2')).toMatchObject({ twin: 'gw1', addresses: 'at its twin' });
    expect(gateways.get('gw2')?.pool).toEqual(gateways.get('gw1')?.pool);
    expect(gateways.get('gw1')).toMatchObject({ twin: 'gw2', addresses: 'here' });
    expect(fleetOf(after).gateways.get('gw1')?.addresses).toBe('at its twin');
    expect(fleetOf(after).gateways.get('gw2')?.addresses).toBe('here');
    expect(fleetOf(before).gateways.get('gw3')).toMatchObject({ twin: undefined, addresses: 'here' });
    const read = inventory(before);
    const pool = ['203.0.113.11', '203.0.113.12', '203.0.113.13'];
    expect(hostVariables(readFleet(read).fleet, read).get('gw2')?.get('snat_pool')).toEqual(pool);
    expect(problems(before, 'web:')).toBe('');
    expect(problems(after, 'web:')).toBe('');
  });

  test('keep the addresses where the pool is written when both stand by, and where connections still drain', () => {
    const both = fleetOf({ ...before, gw1: `${gw1}, gateway_state: standby` });
    expect([...both.gateways.values()].map(({ addresses }) => addresses)).toEqual([
      'here',
      'at its twin',
      'here',
    ]);
    const draining = fleetOf({ ...before, gw1: `${gw1}, gateway_state: draining` });
    expect(draining.gateways.get('gw1')?.addresses).toBe('here');
  });

  test('change places without moving anybody else', () => {
    const [was, is] = [fleetOf(before), fleetOf(after)];
    for (const [web, gateway] of was.assigned)
      expect(is.assigned.get(web)).toBe(gateway === 'gw1' ? 'gw2' : gateway);
    const carried = [...was.assigned].filter(([, gateway]) => gateway === 'gw1').map(([web]) => web);
    expect(carried).toHaveLength(10);
    expect(carriedBy(was, 'gw1')).toEqual(carried);
    expect(carriedBy(is, 'gw1')).toEqual(carried);
    expect(moversOf(is, 'gw1')).toEqual(moversOf(was, 'gw1'));
  });

  test('lose nothing when one of them is lost', () => {
    const carriers = carriersOf(fleetOf({ gw1, gw2: `${gw2}, gateway_state: standby` }), undefined);
    expect(worstLoss(carriers)).toEqual({
      gateway: 'gw1',
      stranded: 0,
      connections: totalConnections(carriers),
    });
  });

  test('take pinned webservers with them', () => {
    const fleet = fleetOf(after, 'web: { gateway: gw1 }');
    expect(fleet.assigned.get('web')).toBe('gw2');
    expect(problems(after, 'web: { gateway: gw1 }')).toBe('');
  });

  test('are refused when they could not take over, each where it is written', () => {
    const cases: readonly [Readonly<Record<string, string>>, RegExp][] = [
      [
        { gw1, gw2: `${gw2.replace('gw1', 'gw4')}, snat_pool: 203.0.113.9` },
        /4:\d+ the twin of gw2 is 'gw4', which is no gateway \| did you mean 'gw1'/,
      ],
      [{ gw1: `${gw1}, twin: gw1` }, /gw1 is its own twin/],
      [{ gw1, gw2 }, /neither is standby: one address cannot be at both \| gateway_state: standby/],
      [
        { gw1: gw1.replace('hash', 'client'), gw2: `${gw2}, gateway_state: standby` },
        /gw1 has spread: client \| twins need spread: hash/,
      ],
      [
        { gw1: `${gw1}, ruleset_style: seed`, gw2: `${gw2}, gateway_state: standby` },
        /gw1 has ruleset_style: seed/,
      ],
      [{ gw1, gw2: `${gw2}, gateway_state: standby, snat_pool: 203.0.113.11` }, /their pools differ/],
      [{ gw1: `${gw1}, sticky: [21]`, gw2: `${gw2}, gateway_state: standby` }, /their sticky differs/],
      [
        { ...before, gw3: `${gw2.replace('0.2', '0.3')}, gateway_state: standby` },
        /gw3 cannot be the twin of gw1: gw1 and gw2 are twins/,
      ],
    ];
    for (const [gateways, words] of cases) expect(problems(gateways)).toMatch(words);
  });
});
