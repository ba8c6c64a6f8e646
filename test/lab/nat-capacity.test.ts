/**
 * Every port of every address: whole handshakes through a real gateway until nothing fits any more. Scaled to what the
 * machine's connection table holds (two addresses are 129,024 connections); `npm run bench:nat` does it with six.
 */
import { expect, it } from 'vitest';
import { PacketGateway } from './nat/packets.ts';

const addresses = 2;
const ports = 64_512;
/** Three webservers with all their ports: the recipe of 2007 has two of them on one address of two. */
const crowd = { addresses, webservers: 3, ports: [1024, 65_535] } as const;

it('the default carries all ports of every address, and refuses nobody before 70 % of them are in use', async () => {
  using gateway = new PacketGateway('nft', addresses);
  gateway.rules(addresses);
  const filled = await gateway.fill(crowd);
  expect(filled).toMatchObject({ open: addresses * ports, entries: addresses * ports });
  expect(Object.values(filled.used)).toEqual([ports, ports]);
  expect(filled.firstRefusal).toBeGreaterThan(0.7);
});

it('the recipe of 2007 refuses when half of the ports are free, and does not carry all of them', async () => {
  using gateway = new PacketGateway('nft', addresses);
  gateway.rules(addresses, { style: 'seed', spread: 'range' });
  const filled = await gateway.fill({ ...crowd, rounds: 1 });
  expect(filled.firstRefusal).toBeLessThan(0.65);
  expect(filled.entries).toBeLessThan(addresses * ports);
});
