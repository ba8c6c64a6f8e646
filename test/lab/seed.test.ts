/**
 * The recipe of 2007, as the blog gives it, on a real host: three FORWARD rules in order under policy DROP and one SNAT
 * rule over the range. Then the hardened style instead, and back: what one style leaves, the other takes away.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';

describe.each(['nft', 'legacy'] as const)('the style of the inventory, iptables %s', (iptables) => {
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 1, iptables });
  });

  const seed = ['-e', 'ruleset_style=seed', '-e', 'spread=range'];
  const apply = async (...more: string[]) => {
    const { code, stdout, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes', ...more]);
    expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /);
    const planned = await lab.gwfleet(['plan', lab.inventory, '--exit-code', ...more]);
    expect(`${planned.code} ${planned.stdout}`).toMatch(/^0 [\s\S]*No changes: 2 of 2 hosts/);
  };
  const seen = async () => {
    const all = await lab.run(
      'web01',
      'for i in 1 2 3 4 5 6; do curl -sm 20 http://198.51.100.7/; echo; done',
    );
    return all.trim().split('\n');
  };

  it('seed with spread range gives exactly the result of the blog', async () => {
    await apply(...seed);
    expect(await lab.run('gw1', 'iptables -S')).toBe(
      [
        '-P INPUT ACCEPT',
        '-P FORWARD DROP',
        '-P OUTPUT ACCEPT',
        '-A FORWARD -i lo -j ACCEPT',
        '-A FORWARD -s 10.0.0.0/8 -i eth0 -j ACCEPT',
        '-A FORWARD -i eth1 -m state --state RELATED,ESTABLISHED -j ACCEPT',
        '',
      ].join('\n'),
    );
    expect(await lab.run('gw1', 'iptables -t nat -S | grep -v ^-P')).toBe(
      '-A POSTROUTING -o eth1 -j SNAT --to-source 203.0.113.10-203.0.113.15\n',
    );
    const labels = await lab.run(
      'gw1',
      "ip -4 -o addr show dev eth1 | sed 's/ valid_lft.*//; s/[^ ]*$/ &/' | tr -d '\\\\' | awk '{print $4, $6, $NF}'",
    );
    expect(labels.trim().split('\n')).toEqual([
      '203.0.113.10/24 203.0.113.255 eth1',
      ...[0, 1, 2, 3, 4].map((n) => `203.0.113.1${n + 1}/24 203.0.113.255 eth1:${n}`),
    ]);
    expect(await lab.run('gw1', 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1\n');
    for (const address of await seen()) expect(address).toMatch(/^203\.0\.113\.1[0-5]$/);
  });

  it('hardened takes the recipe away, and seed takes hardened away again', async () => {
    await apply();
    const hardened = await lab.run('gw1', 'iptables-save');
    expect(hardened).toContain('-A POSTROUTING -j GWFLEET-SNAT');
    expect(hardened).not.toMatch(/--state |-i lo|-A POSTROUTING -o eth1/);
    expect(new Set(await seen()).size).toBeGreaterThan(1);
    await apply(...seed);
    expect(await lab.run('gw1', 'iptables-save')).not.toContain('GWFLEET');
    for (const address of await seen()) expect(address).toMatch(/^203\.0\.113\.1[0-5]$/);
  });

  it('hardened with another pool takes away the rule of a pool of one, too', async () => {
    await apply(...seed, '-e', 'snat_pool=203.0.113.11');
    expect(await lab.run('gw1', 'iptables -t nat -S POSTROUTING')).toContain('--to-source 203.0.113.11\n');
    await apply('-e', 'snat_pool=203.0.113.13');
    expect(await lab.run('gw1', 'iptables-save -t nat; ip addr show dev eth1')).not.toContain('203.0.113.11');
    expect(new Set(await seen())).toEqual(new Set(['203.0.113.13']));
  });
});
