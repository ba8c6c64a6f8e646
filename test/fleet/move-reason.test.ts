import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFleet } from '../../src/fleet/fleet.ts';
import { type Leaving, type MoveGround, moveGround, moveReasons } from '../../src/fleet/move-reason.ts';
import { moversOf } from '../../src/fleet/movers.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { memoryFiles } from '../inventory/memory-files.ts';

const ground: MoveGround = {
  gateways: [
    { name: 'gw1', address: '10.0.0.1', state: 'active' },
    { name: 'gw2', address: '10.0.0.2', state: 'active' },
    { name: 'gw3', address: '10.0.0.3', state: 'draining' },
  ],
  pinned: ['web9'],
};

function reasons(...all: readonly (readonly [string, string | undefined, string])[]): readonly string[] {
  const leavings: Leaving[] = all.map(([webserver, from, to]) => ({ webserver, from, to }));
  return [...moveReasons(leavings, ground)].map(([name, why]) => `${name}: ${why}`);
}

describe('why a webserver moves', () => {
  test('somebody joined whom nobody left through before', () => {
    expect(reasons(['web1', '10.0.0.1', '10.0.0.2'], ['web2', '10.0.0.1', '10.0.0.2'])).toEqual([
      'web1: gw2 joined: 2 move',
      'web2: gw2 joined: 2 move',
    ]);
  });

  test('its gateway drains, is gone, or it had none', () => {
    expect(
      reasons(
        ['web1', '10.0.0.3', '10.0.0.1'],
        ['web2', '10.0.0.9', '10.0.0.1'],
        ['web3', undefined, '10.0.0.2'],
      ),
    ).toEqual([
      'web1: gw3 is draining: 1 moves',
      'web2: 10.0.0.9 is no gateway of the inventory: 1 moves',
      'web3: no way out yet, gw2 from now on: 1 moves',
    ]);
  });

  test('shares follow the pools, and pins are obeyed', () => {
    expect(
      reasons(
        ['web0', '10.0.0.2', '10.0.0.2'],
        ['web1', '10.0.0.1', '10.0.0.2'],
        ['web9', '10.0.0.1', '10.0.0.2'],
      ),
    ).toEqual(['web1: shares follow the pools, from gw1 to gw2: 1 moves', 'web9: pinned to gw2: 1 moves']);
  });

  test('nobody who stays is given a reason', () => {
    expect(reasons(['web1', '10.0.0.1', '10.0.0.1'])).toEqual([]);
  });
});

describe('whom a gateway moves', () => {
  const file = 'fleet.yaml';
  const gateways = fc.integer({ min: 2, max: 6 });
  const webservers = fc.integer({ min: 0, max: 60 });

  function fleetOf(
    gws: number,
    webs: number,
    state: string,
    pins = 0,
  ): ReturnType<typeof readFleet>['fleet'] {
    const lines = Array.from(
      { length: gws },
      (_, i) =>
        `    gw${i}: { ansible_host: 10.0.0.${i + 1}, snat_pool: 203.0.113.${i * 10 + 1}-203.0.113.${i * 10 + 6}${i === 0 ? `, gateway_state: ${state}` : ''} }`,
    );
    const members = Array.from(
      { length: webs },
      (_, i) => `    web${i}: {${i < pins ? `gateway: gw${gws - 1}` : ''}}`,
    );
    const text = `gateways:\n  hosts:\n${lines.join('\n')}\nwebservers:\n  hosts:\n${members.join('\n')}\n`;
    const { inventory } = readInventory(memoryFiles({ [file]: text }), file);
    if (inventory === undefined) throw new Error('not an inventory');
    return readFleet(inventory).fleet;
  }

  test('is known from the inventory alone, in whatever state it stands there: a killed run finds them again', () => {
    fc.assert(
      fc.property(gateways, webservers, (gws, webs) => {
        const [active, standby, draining] = ['active', 'standby', 'draining'].map((state) =>
          moversOf(fleetOf(gws, webs, state), 'gw0'),
        );
        expect(standby).toEqual(active);
        expect(draining).toEqual(active);
      }),
    );
  });

  test('is exactly who has another gateway with it than without it, and no pinned one', () => {
    fc.assert(
      fc.property(gateways, webservers, fc.nat(20), (gws, webs, pins) => {
        const [with_, without] = [fleetOf(gws, webs, 'active', pins), fleetOf(gws, webs, 'standby', pins)];
        const changed = [...with_.webservers.keys()].filter(
          (name) => with_.assigned.get(name) !== without.assigned.get(name),
        );
        expect(moversOf(with_, 'gw0')).toEqual(changed);
        for (let pin = 0; pin < pins; pin += 1) expect(changed).not.toContain(`web${pin}`);
      }),
    );
  });
});

describe('what a gateway gets', () => {
  test('is told beside the moves when it is more than its pool carries', () => {
    const text = `all: { children: {
      gateways: { hosts: { gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10 }, gw2: { ansible_host: 10.0.0.2, snat_pool: 203.0.113.20-203.0.113.29 } } },
      webservers: { hosts: { "web[01:04]": { gateway: gw1 } } } } }`;
    const { inventory } = readInventory(memoryFiles({ 'hosts.yml': text }), 'hosts.yml', new Map());
    const { overloads = {} } = moveGround(readFleet(inventory!).fleet);
    expect(Object.keys(overloads)).toEqual(['10.0.0.1']);
    expect(overloads['10.0.0.1']).toMatch(
      /^gw1 has 4 webservers, and its 1 address carries 1 at worst; safe/,
    );
  });
});
