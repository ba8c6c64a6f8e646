/** The traps of restarts, each on a machine that really boots: what locked people out elsewhere must not do it here. */
import { describe, expect, it } from 'vitest';
import { writeFleet } from './machines/fleet-files.ts';
import { type Machine, type MachineOrder, machine } from './machines/machine.ts';
import { survived } from './machines/survival.ts';

interface Gateway extends Machine {
  apply(...more: readonly string[]): ReturnType<Machine['gwfleet']>;
  plan(...more: readonly string[]): ReturnType<Machine['gwfleet']>;
}

async function gateway(order: MachineOrder): Promise<Gateway> {
  const made = await machine(order);
  writeFleet(made.folder);
  const site = ['-p', `${made.folder}/site.yaml`];
  return {
    ...made,
    apply: (...more) => made.gwfleet('apply', made.inventory, ...site, '--yes', ...more),
    plan: (...more) => made.gwfleet('plan', made.inventory, ...site, '--exit-code', ...more),
  };
}

const ourFiles = 'find /etc /usr/share/netfilter-persistent -name "*gwfleet*" | sort';

describe('systemd-networkd', () => {
  it('does not spin over addresses that stand live and in its files, and forgets one that has left the pool', async () => {
    const on = await gateway({ manager: 'networkd' });
    expect((await on.apply()).code).toBe(0);
    await on.run('systemctl restart systemd-networkd; networkctl reload; sleep 2');
    expect(await on.run('networkctl list --no-legend eth1')).toMatch(/routable\s+configur/);
    expect(
      await on.run('journalctl -b -u systemd-networkd -o cat | grep -c -e Numerical -e "No buffer" || :'),
    ).toBe('0\n');
    writeFleet(on.folder, { pool: '203.0.113.10-203.0.113.14' });
    expect((await on.apply()).code).toBe(0);
    await on.reboot('clean');
    const addresses = await on.run('ip -4 -o addr show dev eth1');
    expect([addresses.includes('203.0.113.14/'), addresses.includes('203.0.113.15/')]).toEqual([true, false]);
    expect((await on.plan()).code).toBe(0);
  });

  it('is overruled at boot where its own file names another default route, and the plan says where', async () => {
    const own = '[Match]\nName=eth0\n[Network]\nAddress=10.0.0.1/24\nGateway=10.0.0.253\n';
    const on = await gateway({
      manager: 'networkd',
      files: [{ path: '/etc/systemd/network/10-eth0.network', text: own }],
    });
    const plan = await on.plan();
    expect(plan.stdout).toContain(
      '/etc/systemd/network/10-eth0.network names another default route (10.0.0.253)',
    );
    expect((await on.apply()).code).toBe(0);
    await on.reboot('power-cut');
    expect(await survived(on)).toBe('all');
    expect((await on.plan()).code).toBe(0);
  });

  it('is as it was after a power cut before the confirm', async () => {
    const on = await gateway({ manager: 'networkd' });
    const before = await on.run(
      `ip -4 addr; ip route; iptables-save | grep -v '^#'; cat /proc/sys/net/ipv4/ip_forward; ${ourFiles}`,
    );
    // The controller is killed once the guard is armed: nobody confirms.
    await on.hub(
      `cd / && XDG_STATE_HOME=${on.folder}/state node ${process.cwd()}/bin/gwfleet.js apply ${on.inventory} -p ${on.folder}/site.yaml --yes --progress jsonl > ${on.folder}/events & child=$!; i=0; until grep -qs guard-armed ${on.folder}/events; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.05; done; kill -9 $child`,
    );
    await on.reboot('power-cut');
    const after = await on.run(
      `ip -4 addr; ip route; iptables-save | grep -v '^#'; cat /proc/sys/net/ipv4/ip_forward; ${ourFiles}`,
    );
    expect(shape(after)).toBe(shape(before));
    // The next command finds out where the host is, and carries on.
    const again = await on.apply('--break-lock', await lastRun(on));
    expect([again.code, await survived(on)]).toEqual([0, 'all']);
  });
});

describe('netplan', () => {
  it('never gets a file that netplan would not read', async () => {
    const on = await gateway({ manager: 'netplan-networkd' });
    await on.put({
      path: '/etc/netplan/50-broken.yaml',
      mode: 0o600,
      text: 'network:\n  ethernets:\n    eth1: { addresses: [nonsense] }\n',
    });
    const applied = await on.apply();
    expect(applied.code).toBe(2);
    expect(applied.stdout + applied.stderr).toContain('would be rejected at boot');
    expect(await on.run('ls /etc/netplan')).toBe('10-base.yaml\n50-broken.yaml\n');
    await on.run('rm /etc/netplan/50-broken.yaml');
    expect((await on.apply()).code).toBe(0);
    await on.reboot('clean');
    expect(await survived(on)).toBe('all');
  });
});

describe('a file that its reader would reject', () => {
  it('is not installed: what stood there stays, and the run says so', async () => {
    const on = await gateway({ manager: 'networkd' });
    expect((await on.apply()).code).toBe(0);
    // A bad line comes into each staged file as it goes to the disk.
    await on.put({
      path: '/usr/local/sbin/sync',
      mode: 0o755,
      text: `#!/bin/sh\nwhile IFS='|' read -r file words; do case "$1" in *$file.gwfleet-new) sed -i "$words" "$1" ;; esac; done </root/bad\nexec /bin/sync "$@"\n`,
    });
    const state = `${ourFiles} -type f -exec cksum {} +; find /etc/gwfleet -type f -exec cksum {} +`.replace(
      ' | sort',
      '',
    );
    const before = await on.run(state);
    const rejected = async (bad: string, said: string) => {
      await on.run(`echo '${bad}' >/root/bad`);
      const { code, stdout, stderr } = await on.apply();
      expect([bad, code, stdout + stderr]).toEqual([bad, 2, expect.stringContaining(said)]);
      expect(stdout + stderr).toContain('the boot files could not be written');
      expect(await on.run(state)).toBe(before);
    };
    writeFleet(on.folder, { pool: '203.0.113.10-203.0.113.14' });
    await rejected('/ruleset|s/-j SNAT/-j SNATX/', 'unknown option "--to-source"');
    // What --test of the nft backend passes.
    await rejected('/ruleset|s/-j ACCEPT/-j NOWHERE/', "Chain 'NOWHERE' does not exist");
    await rejected('aliases-eth1.conf|s/\\/24/\\/99/', "Invalid address '203.0.113.14/99'");
    await rejected('aliases-eth1.conf|s/Label=/Labels=/', 'Labels=eth1:3');
    writeFleet(on.folder, { pool: '203.0.113.10-203.0.113.14', style: 'seed' });
    await rejected('/ruleset|s/-j SNAT/-j SNATX/', 'unknown option "--to-source"');
    await on.run('rm /usr/local/sbin/sync /root/bad');
    expect((await on.apply()).code).toBe(0);
    expect((await on.plan()).code).toBe(0);
    expect(await on.run(state)).not.toBe(before);
  });
});

describe('NetworkManager', () => {
  it('keeps its profiles readable for itself only, and forgets an address that has left the pool', async () => {
    const on = await gateway({ manager: 'networkmanager' });
    expect((await on.apply()).code).toBe(0);
    writeFleet(on.folder, { pool: '203.0.113.10-203.0.113.14' });
    expect((await on.apply()).code).toBe(0);
    expect(await on.run('stat -c %a /etc/NetworkManager/system-connections/*')).toBe('600\n600\n');
    await on.reboot('clean');
    const addresses = await on.run('ip -4 -o addr show dev eth1');
    expect([addresses.includes('203.0.113.14/'), addresses.includes('203.0.113.15/')]).toEqual([true, false]);
    expect((await on.plan()).code).toBe(0);
  });

  it('beside ifupdown is a second owner: named, and nothing is written for either', async () => {
    const files = [
      {
        path: '/etc/NetworkManager/conf.d/10-manage.conf',
        text: '[main]\nplugins=keyfile\nno-auto-default=*\n[device-veth]\nmatch-device=interface-name:eth*\nmanaged=1\n',
      },
      {
        path: '/etc/NetworkManager/system-connections/eth1.nmconnection',
        mode: 0o600,
        text: '[connection]\nid=eth1\ntype=ethernet\ninterface-name=eth1\n[ipv4]\nmethod=manual\naddress1=203.0.113.10/24\n',
      },
    ];
    const on = await gateway({ manager: 'ifupdown', files });
    await on.run('systemctl start NetworkManager; nmcli con up eth1 >/dev/null');
    const plan = await on.plan();
    expect(plan.stdout).toMatch(/eth1 has two owners, networkmanager and ifupdown/);
    expect((await on.apply()).code).toBe(0);
    expect(await on.run(ourFiles)).not.toMatch(/aliases/);
  });
});

describe('rules at boot', () => {
  it('stand before forwarding is on, win over sysctl.conf, and outlive netfilter-persistent', async () => {
    const on = await gateway({
      manager: 'ifupdown',
      files: [{ path: '/etc/sysctl.conf', text: 'net.ipv4.ip_forward=0\n' }],
    });
    await on.run('ln -sf ../sysctl.conf /etc/sysctl.d/99-sysctl.conf');
    expect((await on.apply()).code).toBe(0);
    await on.run(
      'systemctl restart netfilter-persistent; netfilter-persistent reload; netfilter-persistent save',
    );
    expect(await survived(on)).toBe('all');
    await on.reboot('clean');
    expect(await survived(on)).toBe('all');
    const times =
      'systemctl show -P ExecMainExitTimestampMonotonic netfilter-persistent; systemctl show -P ExecMainStartTimestampMonotonic systemd-sysctl';
    const [rulesEnd = 0, forwardingStart = 0] = (await on.run(times)).trim().split('\n').map(Number);
    expect(rulesEnd).toBeGreaterThan(0);
    expect(rulesEnd).toBeLessThan(forwardingStart);
  });

  it('that cannot be loaded keep forwarding off, and the plan shows the drift', async () => {
    const on = await gateway({ manager: 'networkd' });
    await on.run('systemctl disable netfilter-persistent 2>&1');
    expect((await on.apply()).code).toBe(0);
    await on.reboot('clean');
    expect(await survived(on)).toBe('all');
    const order =
      'systemctl show -P ExecMainExitTimestampMonotonic gwfleet-ruleset; systemctl show -P ExecMainStartTimestampMonotonic systemd-sysctl';
    const [rulesEnd = 0, forwardingStart = 0] = (await on.run(order)).trim().split('\n').map(Number);
    expect([rulesEnd > 0, rulesEnd < forwardingStart]).toEqual([true, true]);
    await on.run("sed -i 's/GWFLEET-SNAT/GWFLEET SNAT/' /etc/gwfleet/ruleset");
    await on.reboot('clean');
    expect(await on.run('cat /proc/sys/net/ipv4/ip_forward')).toBe('0\n');
    const plan = await on.plan();
    expect([plan.code, plan.stdout.includes('/etc/gwfleet/ruleset')]).toEqual([2, true]);
    expect((await on.apply()).code).toBe(0);
    await on.reboot('clean');
    expect(await survived(on)).toBe('all');
  });
});

describe('a gateway that is removed', () => {
  it('has no file of ours for a restart, and none of the state after one', async () => {
    const on = await gateway({ manager: 'networkd' });
    const bare = await on.run(ourFiles);
    expect((await on.apply()).code).toBe(0);
    expect(await on.run(ourFiles)).not.toBe(bare);
    const args = [on.inventory, 'gw1', '-p', `${on.folder}/site.yaml`, '--last-gateway', '--yes'];
    const removed = await on.gwfleet('gateway', 'remove', ...args);
    expect([removed.code, removed.stderr]).toEqual([0, expect.anything()]);
    expect(await on.run(`${ourFiles} | grep -v default-route || :`)).toBe(bare);
    await on.reboot('clean');
    const look =
      'ip -4 -o addr show dev eth1 | grep -c eth1:; iptables-save | grep -c GWFLEET; cat /proc/sys/net/ipv4/ip_forward';
    expect(await on.run(`${look} || :`)).toBe('0\n0\n0\n');
  });
});

describe('another Debian', () => {
  it.each(['bullseye', 'trixie'] as const)(
    '%s keeps all over a reboot and a restart of networkd',
    async (suite) => {
      const on = await gateway({ manager: 'networkd', suite });
      expect((await on.apply()).code).toBe(0);
      await on.reboot('clean');
      expect(await survived(on)).toBe('all');
      await on.run('systemctl restart systemd-networkd');
      expect(await survived(on)).toBe('all');
      expect((await on.plan()).code).toBe(0);
    },
  );
});

/** Without numbers that are new at each boot. */
function shape(text: string): string {
  return text
    .replaceAll(/@if\d+|link-netnsid \d+|qlen \d+/g, '')
    .replaceAll(/\[\d+:\d+\]/g, '')
    .replaceAll(/^\d+: /gm, '');
}

async function lastRun(on: Machine): Promise<string> {
  const { stdout } = await on.hub(`ls ${on.folder}/state/gwfleet/runs | sort | tail -n 1`);
  return stdout.trim();
}
