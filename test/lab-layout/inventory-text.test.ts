import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { layoutOf } from '../../src/lab/addressing.ts';
import { inventoryText } from '../../src/lab/inventory-text.ts';

it('is inventories/lab.yaml for the default lab', () => {
  const file = new URL('../../inventories/lab.yaml', import.meta.url);
  expect(inventoryText('default', layoutOf({ gateways: 2, webservers: 4 }))).toBe(readFileSync(file, 'utf8'));
});

it('names lab, keys and every host of any other lab', () => {
  const text = inventoryText('wide', layoutOf({ gateways: 3, webservers: 120 }));
  expect(text).toContain('gwfleet lab up --gateways 3 --webservers 120 --name wide');
  const { all } = parse(text) as { all: Record<string, Record<string, never>> };
  expect(all['vars']).toEqual({
    gwfleet_lab: 'wide',
    ansible_user: 'root',
    ansible_ssh_private_key_file: '/run/gwfleet-lab/wide/id_ed25519',
    ansible_ssh_common_args:
      '-o UserKnownHostsFile=/run/gwfleet-lab/wide/known_hosts -o StrictHostKeyChecking=yes',
  });
  expect(all['children']?.['gateways']).toHaveProperty('hosts.gw3.snat_pool', '203.0.113.30-203.0.113.35');
  expect(all['children']?.['webservers']).toHaveProperty('hosts.web120.ansible_host', '10.0.1.120');
});

it('leaves the group of webservers empty when there are none', () => {
  expect(parse(inventoryText('few', layoutOf({ gateways: 1, webservers: 0 })))).toHaveProperty(
    'all.children.webservers',
    null,
  );
});
