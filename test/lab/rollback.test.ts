/**
 * The way back: of a whole run, of the run that took it back, of hosts that were rebooted since, and of the hosts that
 * a failing run had already confirmed. What the hosts are afterwards is asked of them, not of gwfleet.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { bootFiles, hostStates } from './host-state.ts';
import { gwfleet, runIds } from './process.ts';

const all = ['gw1', 'gw2', 'web01', 'web02'];

/** Rules, addresses, routes and settings; not the files, which have other times, nor gwfleet's own memory. */
async function network(lab: Fleet, hosts: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const states = await hostStates(lab, hosts);
  return Object.fromEntries(
    Object.entries(states).map(([host, text]) => [
      host,
      // An empty table that iptables once made stays in the listing.
      text.slice(text.indexOf('# rules'), text.indexOf('# run\n')).replaceAll(/^(?:\*|:|COMMIT).*\n/gm, ''),
    ]),
  );
}

describe('rollback of a run', () => {
  let lab: Fleet;
  let before: Readonly<Record<string, string>>;
  let after: Readonly<Record<string, string>>;
  let kept: Readonly<Record<string, string>>;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 2 });
    await lab.run('gw1', 'mkdir -p /etc/sysctl.d');
    before = await network(lab, all);
    expect(await gwfleet(lab, ['apply', lab.inventory, '--yes'])).toMatchObject({ code: 0 });
    after = await network(lab, all);
    kept = await bootFiles(lab, ['gw1', 'gw2']);
    expect(kept['gw1']).toContain('gwfleet-conntrack');
    expect(after).not.toEqual(before);
  });

  it('is shown as a plan, and asks: without a terminal it is refused, and nothing is touched', async () => {
    const { code, stdout } = await gwfleet(lab, ['rollback', lab.inventory, '--check']);
    expect(`${code} ${stdout}`).toMatch(
      /^0 webservers [\s\S]*- default[\s\S]*gateways [\s\S]*on 4 of 4 hosts\n$/,
    );
    expect(await gwfleet(lab, ['rollback', lab.inventory])).toMatchObject({ code: 5 });
    expect(await network(lab, all)).toEqual(after);
  });

  it('brings every host to where it was before, the last play first', async () => {
    const [run = ''] = runIds(lab);
    const { code, stderr } = await gwfleet(lab, ['rollback', lab.inventory, '--yes']);
    expect(`${code} ${stderr}`).toMatch(
      /^0 [\s\S]*play Back from: Webservers[\s\S]*play Back from: Gateways/,
    );
    expect(await network(lab, all)).toEqual(before);
    expect(await lab.run('gw1', 'ls /etc/sysctl.d /etc/modules-load.d | grep gwfleet || :')).toBe('');
    const { stdout } = await gwfleet(lab, ['runs', 'show', run]);
    expect(stdout).toContain(`taken back by ${runIds(lab)[0] ?? ''}`);
  });

  it('is a run itself, and is taken back like one', async () => {
    expect(await gwfleet(lab, ['rollback', lab.inventory, '--yes'])).toMatchObject({ code: 0 });
    expect(await network(lab, all)).toEqual(after);
    expect(await bootFiles(lab, ['gw1', 'gw2'])).toEqual(kept);
    const { code, stdout } = await gwfleet(lab, ['plan', lab.inventory, '--exit-code']);
    expect(`${code} ${stdout}`).toMatch(/^0 /);
  });

  it('refuses a host that somebody has changed since, says what, and takes the others back', async () => {
    await lab.run(
      'gw1',
      'ip addr del 203.0.113.12/32 dev eth1 2>/dev/null || ip addr del 203.0.113.12/24 dev eth1',
    );
    const { code, stdout } = await gwfleet(lab, ['rollback', lab.inventory, '--yes']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^gw1 failed in 'One alias.*': .*203\.0\.113\.12\/\d+ as run .* left it\n/);
    expect(stdout).toMatch(/\n4 hosts: 3 changed, 1 failed/);
    const again = await gwfleet(lab, [
      'rollback',
      lab.inventory,
      runIds(lab)[1] ?? '',
      '--limit',
      'gw1',
      '--yes',
    ]);
    expect(again.code).toBe(6);
    expect(await gwfleet(lab, ['rollback', lab.inventory, 'nonsense', '--yes'])).toMatchObject({ code: 5 });
  });
});

const motd = `
- hosts: gateways
  tasks:
    - { name: Words, file: { path: /etc/motd, content: "new words\\n", mode: "0644" } }
    - { name: Swap, sysctl: { net.ipv4.ip_local_port_range: "2048 60999" } }
`;

describe('rollback after a reboot', () => {
  it('needs nothing of what the host has forgotten', async () => {
    const lab = await fleet({ gateways: 1, webservers: 0 });
    writeFileSync(join(lab.folder, 'motd.yaml'), motd);
    const ports =
      'cat /proc/sys/net/ipv4/ip_local_port_range; cat /etc/sysctl.d/*gwfleet* 2>/dev/null | grep -v "^#"; cat /etc/motd';
    await lab.run('gw1', 'echo old words > /etc/motd; chmod 644 /etc/motd');
    const before = await lab.run('gw1', ports);
    const apply = ['apply', lab.inventory, '-p', join(lab.folder, 'motd.yaml'), '--yes'];
    expect(await gwfleet(lab, apply)).toMatchObject({ code: 0 });
    await lab.reboot('gw1');
    // The lab's boot sets no kernel settings: what the boot file says is done here.
    await lab.run('gw1', 'for f in /etc/sysctl.d/*gwfleet*; do sysctl -qp "$f"; done');
    expect(await lab.run('gw1', 'ls /run/gwfleet 2>/dev/null || :; cat /etc/motd')).toBe('new words\n');
    const { code, stderr, stdout } = await gwfleet(lab, ['rollback', lab.inventory, '--yes']);
    expect(`${code} ${stderr}${stdout}`).toMatch(/^0 /);
    const now = await lab.run('gw1', ports);
    expect(now).toContain('old words');
    expect(now.split('\n')[0]).toBe(before.split('\n')[0]);
    expect(now).not.toContain('2048');
  });
});

const risky = (rule: string): string => `
- hosts: webservers
  serial: 2
  on_failure: ${rule}
  tasks:
    - { name: Default route, default_route: { via: "{{ gateway }}", drain: false } }
    - { name: The internet answers, check: { tcp: "198.51.100.7:80" } }
`;

describe('a host fails in batch 2 of 3', () => {
  let lab: Fleet;
  const webs = ['web01', 'web02', 'web03', 'web04', 'web05', 'web06'];
  const apply = (rule: string): readonly string[] => {
    writeFileSync(join(lab.folder, `${rule}.yaml`), risky(rule));
    return ['apply', lab.inventory, '-p', join(lab.folder, `${rule}.yaml`), '--yes'];
  };
  const routed = async (): Promise<readonly string[]> => {
    const routes = await Promise.all(webs.map((web) => lab.run(web, 'ip route show default')));
    return webs.filter((_, index) => routes[index] !== '');
  };
  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 6 });
    await gwfleet(lab, ['apply', lab.inventory, '--yes', '--limit', 'gateways']);
    await lab.run('web04', 'iptables -A OUTPUT -d 198.51.100.7 -j REJECT');
  });

  it('on_failure: rollback_run takes all of the run back: exit 3', async () => {
    const { code, stdout, stderr } = await gwfleet(lab, apply('rollback_run'));
    expect(`${code} ${stdout}`).toMatch(
      /^3 [\s\S]*stopped: on_failure: rollback_run: a host of the batch failed\n/,
    );
    expect(stderr).toMatch(/taking back \(on_failure: rollback_run\): 3 hosts/);
    expect(stderr).toMatch(
      /\[web03\] rolled-back: taken back, verified[\s\S]*\[web0[12]\] rolled-back: taken back/,
    );
    expect(stdout).toMatch(/ {2}rolled-back {2}web01\.\.web04\n {2}not reached {2}web05 web06/);
    expect(await routed()).toEqual([]);
  });

  it('on_failure: rollback_batch takes the failing batch back, and the earlier ones stand: exit 2', async () => {
    const { code, stdout } = await gwfleet(lab, apply('rollback_batch'));
    expect(code).toBe(2);
    expect(stdout).toMatch(/ {2}changed {6}web01 web02\n {2}rolled-back {2}web03 web04\n/);
    expect(await routed()).toEqual(['web01', 'web02']);
  });

  it('on_failure: halt leaves what was confirmed', async () => {
    const { code } = await gwfleet(lab, [...apply('halt'), '--max-fail', '1']);
    expect(code).toBe(2);
    expect(await routed()).toEqual(['web01', 'web02', 'web03']);
  });

  it('a host that has moved since it was confirmed stands, and is said', async () => {
    await gwfleet(lab, ['rollback', lab.inventory, '--yes']);
    expect(await routed()).not.toContain('web03');
    // The check of web04 takes its time now; as soon as web03 is confirmed, somebody else changes its route.
    await lab.run('web04', 'iptables -I OUTPUT -d 198.51.100.7 -j DROP');
    const meddle = lab.run(
      'web03',
      'until [ -n "$(ip route show default)" ] && [ ! -e /run/gwfleet/lock ]; do sleep 0.02; done; ip route replace default via 10.0.0.99',
    );
    const { code, stdout } = await gwfleet(lab, [
      ...apply('halt'),
      '--on-failure',
      'rollback_batch',
      '--limit',
      'web03,web04',
    ]);
    await meddle;
    expect(`${code} ${stdout}`).toMatch(/^2 [\s\S]*web03 failed: not taken back: /);
  });
});
