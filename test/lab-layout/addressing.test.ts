import { expect, it } from 'vitest';
import { parseAddress } from '../../src/address/ipv4.ts';
import { readPool } from '../../src/address/pool.ts';
import { layoutOf, machinesOf, sizeProblem } from '../../src/lab/addressing.ts';
import { knownHosts } from '../../src/lab/files.ts';
import { addressLines, plugLines, unplugLines } from '../../src/lab/links.ts';

const biggest = layoutOf({ gateways: 48, webservers: 952 });

it('gives every machine of the biggest lab an address of its own, none of them a network or broadcast', () => {
  const nodes = [...machinesOf(biggest), biggest.controller, biggest.internet];
  const addresses = nodes.flatMap(({ interfaces }) =>
    interfaces.map(({ address }) => address.split('/')[0] ?? ''),
  );
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(
    addresses.filter((address) => parseAddress(address) === undefined || /\.(?:0|255)$/.test(address)),
  ).toEqual([]);
  expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
});

it('gives gateways pools that share no address with anybody', () => {
  const pools = biggest.gateways.map(({ pool }) => readPool(pool.join('-')));
  const all = pools.flatMap((pool) => ('addresses' in pool ? pool.addresses : []));
  expect(all).toHaveLength(48 * 6);
  expect(new Set(all).size).toBe(all.length);
  const routers = biggest.internet.interfaces.map(({ address }) => address.split('/')[0]);
  expect(all.filter((address) => routers.includes(address))).toEqual([]);
});

it('makes each gateway’s primary the first of its pool', () => {
  expect(biggest.gateways[1]).toMatchObject({
    name: 'gw2',
    interfaces: [{ address: '10.0.0.2/8' }, { address: '203.0.113.20/24' }],
    pool: ['203.0.113.20', '203.0.113.25'],
    defaultRoute: '203.0.113.1',
  });
  expect(biggest.gateways[24]).toMatchObject({
    pool: ['192.0.2.10', '192.0.2.15'],
    defaultRoute: '192.0.2.1',
  });
});

it('numbers webservers so that their names sort', () => {
  expect(layoutOf({ gateways: 1, webservers: 4 }).webservers.map(({ name }) => name)).toEqual([
    'web01',
    'web02',
    'web03',
    'web04',
  ]);
  expect(layoutOf({ gateways: 1, webservers: 200 }).webservers.at(-1)).toMatchObject({ name: 'web200' });
});

it('starts webservers without a default route unless a gateway is named', () => {
  const sizes = { gateways: 2, webservers: 1 };
  expect(layoutOf(sizes).webservers[0]).not.toHaveProperty('defaultRoute');
  expect(layoutOf(sizes, 'gw2').webservers[0]).toHaveProperty('defaultRoute', '10.0.0.2');
});

it.each([
  [{ gateways: 0, webservers: 1 }, /at least one gateway/],
  [{ gateways: 49, webservers: 1 }, /48 gateways, not for 49/],
  [{ gateways: 48, webservers: 953 }, /1000 hosts, not for 1001/],
])('refuses %j', (sizes, message) => {
  expect(sizeProblem(sizes)).toMatch(message);
});

it.each([
  { gateways: 1, webservers: 0 },
  { gateways: 48, webservers: 952 },
])('takes %j', (sizes) => {
  expect(sizeProblem(sizes)).toBeUndefined();
});

it('names ports that Linux takes, and pulls what it plugged', () => {
  for (const node of machinesOf(biggest)) {
    const added = plugLines(node).flatMap((line) => /^link add (\S+)/.exec(line)?.[1] ?? []);
    expect(added.filter((port) => port.length > 15)).toEqual([]);
    expect(unplugLines(node)).toEqual([...added.map((port) => `link del ${port}`), `netns del ${node.name}`]);
  }
});

it('gives the internet no route to private addresses', () => {
  const lines = addressLines(biggest.internet);
  expect(lines).toContain('address add 198.51.100.7/32 dev lo');
  expect(lines.filter((line) => /route| 10\./.test(line))).toEqual([]);
});

it('writes known hosts under name and address', () => {
  const keys = biggest.gateways
    .slice(0, 1)
    .map((node) => ({ node, publicKey: 'ssh-ed25519 AAAA root@gw1\n' }));
  expect(knownHosts(keys)).toBe('gw1,10.0.0.1 ssh-ed25519 AAAA\n');
});
