/**
 * Every port of every address: whole handshakes through a real gateway until nothing fits any more. Scaled to what the
 * machine's connection table holds (two addresses are 129,024 connections); `npm run bench:nat` does it with six.
 */
import { expect, it } from 'vitest';
import { PacketGateway } from './nat/packets.ts';

const addresses = 2;
const ports = 64_512;
it('the default carries all ports of every address, and refuses nobody before 70 % of them are in use', async () => {
  using gateway = new PacketGateway('nft', addresses);
  gateway.rules(addresses);
  const filled = await gateway.fill({ addresses, webservers: 3, ports: [1024, 65_535] });
  expect(filled).toMatchObject({ open: addresses * ports, entries: addresses * ports });
  expect(Object.values(filled.used)).toEqual([ports, ports]);
  expect(filled.firstRefusal).toBeGreaterThan(0.7);
});

it('the recipe of 2007 refuses when half of the ports are free, for it puts two of four webservers on one of three addresses', async () => {
  using gateway = new PacketGateway('nft', 3);
  gateway.rules(3, { style: 'seed', spread: 'range' });
  const filled = await gateway.fill({ addresses: 3, webservers: 4, ports: [1024, 45_000], rounds: 1 });
  expect(filled.firstRefusal).toBeLessThan(0.65);
  expect(filled.open).toBeLessThan(filled.tried);
});
