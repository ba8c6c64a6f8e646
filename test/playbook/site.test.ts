import { expect, test } from 'vitest';
import { inventoryOf, resolveText, said, shipped } from './reading.ts';

const seed = `
gateways:
  hosts:
    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.12 }
    gw2: { ansible_host: 10.0.0.2, snat_pool: [203.0.113.20-203.0.113.21, 203.0.113.30] }
webservers:
  hosts:
    web[01:04]:
`;

test('the shipped playbook gives every gateway its pool and the defaults of the domain', () => {
  const { resolved, diagnostics } = resolveText(shipped, inventoryOf(seed));
  expect(said(diagnostics)).toEqual([]);
  expect(resolved.batches).toEqual([['gw1'], ['gw2']]);
  expect(resolved.tasks.get('gw2')?.map(({ id, type, args }) => [id, type, args])).toEqual([
    ['p1t1', 'aliases', { interface: 'eth1', addresses: ['203.0.113.20', '203.0.113.21', '203.0.113.30'] }],
    [
      'p1t2',
      'conntrack',
      { pool: ['203.0.113.20', '203.0.113.21', '203.0.113.30'], internal: 'eth0', external: 'eth1' },
    ],
    [
      'p1t3',
      'ruleset',
      {
        internal: 'eth0',
        external: 'eth1',
        network: '10.0.0.0/8',
        pool: ['203.0.113.20', '203.0.113.21', '203.0.113.30'],
        spread: 'connection',
        sticky: [],
        style: 'hardened',
      },
    ],
    ['p1t4', 'sysctl', { 'net.ipv4.ip_forward': 1 }],
  ]);
});

test('the shipped playbook sends the webservers over both gateways, one host first', () => {
  const { resolved, diagnostics } = resolveText(shipped, inventoryOf(seed), { play: 1 });
  expect(said(diagnostics)).toEqual([]);
  expect(resolved.batches).toEqual([['web01'], ['web02'], ['web03', 'web04']]);
  const via = [...resolved.tasks.values()].flat().map(({ args }) => (args as { via: string }).via);
  expect(via.toSorted()).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.2']);
});
