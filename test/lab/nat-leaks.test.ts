/** What conntrack finds INVALID is not translated: it must not leave at all. Every packet outside is looked at. */
import { describe, expect, it } from 'vitest';
import { PacketGateway } from './nat/packets.ts';
import type { Backend } from './task-namespace.ts';

const backends: readonly Backend[] = ['nft', 'legacy'];

describe.each(backends)('24 INVALID packets of 8 kinds, iptables %s', (backend) => {
  it('hardened: none leaves with an inside address, with the leak guard and without', async () => {
    using gateway = new PacketGateway(backend, 3);
    gateway.rules(3);
    expect(await gateway.invalid()).toMatchObject({ sent: 24, leaked: 0 });
    expect(gateway.gateway.sh('nft list table ip gwfleet_leak_guard')).toContain('counter packets 0');
    gateway.gateway.sh('nft delete table ip gwfleet_leak_guard');
    expect(await gateway.invalid()).toMatchObject({ sent: 24, leaked: 0 });
  });

  it('hardened, INVALID rule taken away by somebody: the leak guard drops them and counts them', async () => {
    using gateway = new PacketGateway(backend, 3);
    gateway.rules(3);
    gateway.gateway.sh(`iptables-${backend} -D GWFLEET-FORWARD 1`);
    expect(await gateway.invalid()).toMatchObject({ leaked: 0 });
    const counter = /counter packets (\d+)/.exec(
      gateway.gateway.sh('nft list table ip gwfleet_leak_guard'),
    )?.[1];
    expect(Number(counter)).toBeGreaterThanOrEqual(20);
  });

  it('the recipe of 2007 lets most of them out', async () => {
    using gateway = new PacketGateway(backend, 3);
    gateway.rules(3, { style: 'seed', spread: 'range' });
    expect((await gateway.invalid()).leaked).toBeGreaterThanOrEqual(20);
  });
});
