import { describe, expect, test } from 'vitest';
import { readFleet } from '../../src/fleet/fleet.ts';
import { hostVariables } from '../../src/fleet/host-variables.ts';
import { inventoryOf, said } from '../playbook/reading.ts';

function problems(gateways: string, webservers = ''): readonly string[] {
  const text = `gateways:\n  hosts:\n${gateways}\nwebservers:\n  hosts:\n${webservers}`;
  return said(readFleet(inventoryOf(text)).diagnostics);
}

const gw1 = '    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.15 }';

test('an Ansible inventory with nothing but the two groups and snat_pool works', () => {
  const inventory = inventoryOf(`
gateways:
  hosts:
    10.0.0.1: { snat_pool: 203.0.113.10-203.0.113.12 }
webservers:
  hosts:
    web1:
    web2:
`);
  const { fleet, diagnostics } = readFleet(inventory);
  expect(said(diagnostics)).toEqual([]);
  expect(fleet.gateways.get('10.0.0.1')).toMatchObject({ state: 'active', internalAddress: '10.0.0.1' });
  const variables = hostVariables(fleet, inventory);
  expect(variables.get('web1')?.get('gateway')).toBe('10.0.0.1');
  expect(variables.get('web1')?.get('gateway_name')).toBe('10.0.0.1');
  expect(variables.get('10.0.0.1')?.get('snat_pool')).toEqual([
    '203.0.113.10',
    '203.0.113.11',
    '203.0.113.12',
  ]);
  expect(variables.get('10.0.0.1')?.get('external_interface')).toBe('eth1');
});

test('what the inventory says wins over the defaults', () => {
  const inventory = inventoryOf(`
gateways:
  vars: { external_interface: wan0, lan: 10.9.0.1 }
  hosts: { gw1: { snat_pool: [203.0.113.1], internal_address: "{{ lan }}" } }
webservers: { hosts: { web: } }
`);
  const { fleet } = readFleet(inventory);
  const variables = hostVariables(fleet, inventory);
  expect(variables.get('gw1')?.has('external_interface')).toBe(false);
  expect(variables.get('gw1')?.get('internal_address')).toBe('10.9.0.1');
  expect(variables.get('web')?.get('gateway')).toBe('10.9.0.1');
});

test('only active gateways carry webservers', () => {
  const inventory = inventoryOf(`
gateways:
  hosts:
    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.1, gateway_state: draining }
    gw2: { ansible_host: 10.0.0.2, snat_pool: 203.0.113.2 }
    gw3: { ansible_host: 10.0.0.3, snat_pool: 203.0.113.3, gateway_state: standby }
webservers: { hosts: { "web[1:3]": } }
`);
  expect([...new Set(readFleet(inventory).fleet.assigned.values())]).toEqual(['gw2']);
});

describe('errors', () => {
  test.each<[string, string, string, readonly string[]]>([
    [
      'an address in two pools, all of a pair at once',
      `${gw1}\n    gw2: { ansible_host: 10.0.0.2, snat_pool: 203.0.113.14-203.0.113.17 }`,
      '',
      [
        '4:47 the pools of gw1 and gw2 both have 203.0.113.14-203.0.113.15 | an address belongs to one gateway; answers come back to its owner only',
      ],
    ],
    [
      'a webserver with a misspelt gateway',
      gw1,
      '    web: { gateway: gw11 }',
      ["6:21 web wants to leave through 'gw11', which is no gateway | did you mean 'gw1'?"],
    ],
    [
      'a webserver with a gateway that is not active',
      `${gw1}\n    gw2: { ansible_host: 10.0.0.2, snat_pool: 203.0.113.20, gateway_state: standby }`,
      '    web: { gateway: gw2 }',
      ["7:21 web wants to leave through gw2, which is standby | 'auto' or an active gateway: gw1"],
    ],
    [
      'a webserver that is a gateway',
      gw1,
      '    gw1:',
      ['3:5 gw1 is a webserver and a gateway | take it out of one of the two groups'],
    ],
    [
      'nobody active',
      '    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.1, gateway_state: standby }',
      '    web1:\n    web2:',
      ['6:5 2 webservers and no active gateway | gateway_state: active'],
    ],
    [
      'no gateways',
      '',
      '    web1:',
      ["6:5 one webserver and no active gateway | add hosts to the group 'gateways'"],
    ],
    [
      'the address of another host in the pool',
      '    gw1: { ansible_host: 10.0.0.1, snat_pool: 10.0.0.3-10.0.0.6 }',
      '    web1: { ansible_host: 10.0.0.5 }',
      ['3:47 the pool of gw1 has 10.0.0.5, the address of web1'],
    ],
    [
      'one inside address for two gateways',
      `${gw1}\n    gw2: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.20 }`,
      '',
      ['4:26 gw1 and gw2 have the same internal address 10.0.0.1'],
    ],
    [
      'a gateway without a pool',
      '    gw1: { ansible_host: 10.0.0.1 }',
      '',
      ['3:5 the gateway gw1 has no snat_pool | snat_pool: 203.0.113.10-203.0.113.15'],
    ],
    [
      'an unknown next hop that is needed',
      '    gw1: { snat_pool: 203.0.113.1 }',
      '    web1:',
      [
        "3:5 the next hop for the webservers of gw1 is not known: 'gw1' is not an address | set ansible_host or internal_address to its inside address",
      ],
    ],
    ['an unknown next hop that nobody needs', '    gw1: { snat_pool: 203.0.113.1 }', '', []],
  ])('%s', (_, gateways, webservers, wanted) => {
    expect(problems(gateways, webservers)).toEqual(wanted);
  });
});

test('more webservers than a pool carries at worst is a warning', () => {
  expect(problems(gw1, '    web[1:10]:')).toEqual([]);
  expect(problems(gw1, '    web[1:11]:')).toEqual([
    '3:47 gw1 has 11 webservers, and its 6 addresses carry 10 at worst | safe with 7 addresses, if all open every port to one destination',
  ]);
});
