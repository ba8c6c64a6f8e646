/**
 * The lab itself, for real: what its hosts are, and that nothing of it stays behind, however it ended.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labReentry } from '../../src/lab/reentry.ts';
import { livingPid, stateFolder } from '../../src/lab/state.ts';
import { labStatuses } from '../../src/lab/status.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Fleet, fleet, uniqueLabName } from './fleet.ts';

const internet = '198.51.100.7';
const patience = { timeout: 20_000 };

describe('a lab of two gateways and two webservers', () => {
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 2, defaultRoute: 'gw1' });
  });

  const ssh = (host: string, script: string) =>
    lab.exec('controller', ['ssh', '-F', `${lab.folder}/ssh_config`, host, script]);

  it('lets ssh in from the controller, with strict host keys', async () => {
    for (const host of ['gw1', 'gw2', 'web01', 'web02']) {
      expect(await ssh(host, 'hostname; id -u')).toMatchObject({ code: 0, stdout: `${host}\n0\n` });
    }
    const keys = readFileSync(`${lab.folder}/known_hosts`, 'utf8').trim().split('\n');
    expect(new Set(keys.map((line) => line.split(' ')[2])).size).toBe(4);
  });

  it('reads its inventory as Ansible does, and Ansible gets in with it', async () => {
    const listed = await lab.run('controller', ['ansible-inventory', '-i', lab.inventory, '--list']);
    expect(JSON.parse(listed)).toMatchObject({
      gateways: { hosts: ['gw1', 'gw2'] },
      webservers: { hosts: ['web01', 'web02'] },
    });
    expect(
      await lab.run('controller', [
        'ansible',
        '-i',
        lab.inventory,
        'gw2,web02',
        '-m',
        'raw',
        '-a',
        'hostname',
      ]),
    ).toMatch(/CHANGED[\s\S]*CHANGED/);
  });

  it('gives each host an own disk, own processes, own kernel name and own network', async () => {
    const mine = [
      '/etc/gwfleet-mark',
      '/usr/local/gwfleet-mark',
      '/tmp/gwfleet-mark',
      '/root/gwfleet-mark',
      '/run/gwfleet-mark',
    ];
    await lab.run('gw1', ['touch', ...mine, '/var/lib/gwfleet/gwfleet-mark']);
    for (const path of [...mine, '/var/lib/gwfleet/gwfleet-mark']) {
      expect(existsSync(path)).toBe(false);
      expect((await lab.exec('gw2', ['test', '-e', path])).code).toBe(1);
    }
    expect(await lab.run('gw1', 'cat /proc/1/comm; hostname; ls /sys/class/net; cat /etc/hostname')).toBe(
      'sh\ngw1\neth0\neth1\nlo\ngw1\n',
    );
  });

  it('starts hosts untouched: no forwarding, no rules, no alias', async () => {
    expect(
      await lab.run('gw1', 'cat /proc/sys/net/ipv4/ip_forward; ip -4 -o addr show dev eth1 | wc -l'),
    ).toBe('0\n1\n');
    expect(await lab.run('gw1', 'iptables-save')).toBe('');
  });

  it('protects the settings of the machine', async () => {
    expect((await lab.exec('gw1', 'echo 1 > /proc/sys/kernel/panic')).code).not.toBe(0);
    expect((await lab.exec('gw1', 'echo 1 > /proc/sys/net/ipv4/conf/eth1/arp_notify')).code).toBe(0);
  });

  it('has an internet that tells the address it saw, over TCP, UDP and HTTP', async () => {
    expect(await lab.run('gw2', `curl -sm 5 http://${internet}/`)).toBe('203.0.113.20');
    expect(await lab.run('gw2', `curl -sm 5 http://${internet}:443/`)).toBe('203.0.113.20');
    expect(await lab.run('gw2', ['bash', '-c', say('tcp', 'head -n 2')])).toMatch(
      /^203\.0\.113\.20:\d+\nhello\n$/,
    );
    expect(await lab.run('gw2', ['bash', '-c', say('udp', 'head -n 1')])).toMatch(/^203\.0\.113\.20:\d+\n$/);
  });

  it('has an internet without a way back to private addresses', async () => {
    expect(await lab.run('internet', 'ip -4 route')).not.toMatch(/default|10\./);
    await lab.run('gw1', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    const curl = `curl -sm 2 http://${internet}/`;
    expect((await lab.exec('web01', curl)).code).toBe(28);
    await lab.run('gw1', 'iptables -t nat -A POSTROUTING -o eth1 -j SNAT --to-source 203.0.113.10');
    expect(await lab.run('web01', curl)).toBe('203.0.113.10');
  });

  it('passes on exit code, output, input, environment and folder', async () => {
    expect(await lab.exec('web01', 'cat; echo err >&2; exit 7', { input: 'in' })).toEqual({
      code: 7,
      stdout: 'in',
      stderr: 'err\n',
    });
    expect(await lab.run('web01', 'echo $X; pwd', { env: { X: 'a b' }, cwd: '/etc' })).toBe('a b\n/etc\n');
    expect(await lab.run('controller', 'pwd; echo $GWFLEET_LAB', { cwd: '/usr' })).toBe(
      `/usr\n${lab.name}\n`,
    );
    expect((await lab.exec('controller', 'kill -TERM $$')).code).toBe(143);
    await expect(lab.exec('web99', 'true')).rejects.toThrow(/no host web99/);
  });

  it('ends a command whose time is over, inside the host too', async () => {
    expect((await lab.exec('web01', ['sleep', '4711'], { timeoutSeconds: 0.3 })).code).toBe(137);
    await expect.poll(() => lab.run('web01', 'pgrep -fc "^sleep 4711" || :'), patience).toBe('0\n');
  });

  it('puts the gwfleet of this package on the controller’s PATH', async () => {
    expect(await lab.run('controller', 'command -v gwfleet')).toBe(`${lab.folder}/bin/gwfleet\n`);
  });

  it('reboots a host: disk and keys stay, /run and the network are new', async () => {
    await lab.run(
      'gw2',
      'touch /etc/kept /run/lost; ip addr add 203.0.113.21/24 dev eth1; iptables -P FORWARD DROP',
    );
    const before = await lab.run('gw2', 'cat /sys/class/net/eth0/address /etc/ssh/ssh_host_ed25519_key.pub');
    await lab.reboot('gw2');
    expect(
      await ssh('gw2', 'ls /etc/kept; ls /run/lost; ip -4 -o addr show dev eth1 | wc -l; iptables-save'),
    ).toMatchObject({ code: 0, stdout: '/etc/kept\n1\n' });
    expect(await lab.run('gw2', 'cat /sys/class/net/eth0/address /etc/ssh/ssh_host_ed25519_key.pub')).toBe(
      before,
    );
  });

  it('cuts power and cable, and shows it in the status', async () => {
    await lab.link('web02', 'eth0', 'down');
    expect((await lab.exec('controller', 'ping -c 1 -W 1 10.0.1.2')).code).toBe(1);
    await lab.link('web02', 'eth0', 'up');
    await expect
      .poll(async () => (await lab.exec('controller', 'ping -c 1 -W 1 10.0.1.2')).code, patience)
      .toBe(0);
    await lab.stop('web02');
    await lab.run('web01', 'kill $(cat /run/sshd.pid)');
    const hosts = () =>
      labStatuses()
        .find(({ name }) => name === lab.name)
        ?.hosts.map(({ name, state, sshd }) => `${name} ${state} ${sshd}`);
    await expect
      .poll(hosts, patience)
      .toEqual(['gw1 up up', 'gw2 up up', 'web01 up down', 'web02 down down']);
    await lab.start('web02');
    await lab.run('web01', '/usr/sbin/sshd');
    await expect.poll(hosts, patience).toEqual(['gw1 up up', 'gw2 up up', 'web01 up up', 'web02 up up']);
  });

  it('leaves no zombies behind in a host', async () => {
    await lab.run('web01', 'for i in 1 2 3 4 5; do (sleep 0.1 &) ; done; sleep 0.4');
    expect(await lab.run('web01', 'ps -eo stat= | grep -c Z || :')).toBe('0\n');
  });

  it('lets a command typed outside find its way in, once', () => {
    const entry = labReentry(new Map([['gwfleet_lab', lab.name]]), {});
    expect([entry?.command, ...(entry?.args ?? [])].join(' ')).toMatch(
      /^nsenter --net=.*controller -- .*node/,
    );
    expect(entry?.env['GWFLEET_LAB']).toBe(lab.name);
    expect(labReentry(new Map([['gwfleet_lab', lab.name]]), { GWFLEET_LAB: lab.name })).toBeUndefined();
    expect(labReentry(new Map([['gwfleet_lab', 'no-such-lab']]), {})).toBeUndefined();
    expect(labReentry(new Map(), {})).toBeUndefined();
  });
});

describe('what stays behind', () => {
  it('is nothing after down, and commands in the controller end too', async () => {
    const lab = await fleet({ gateways: 1, webservers: 1 });
    const guest = lab.exec('controller', ['sleep', '600']);
    const traces = processesOf(lab.name);
    expect(traces.length).toBeGreaterThan(4);
    await delay(100);
    await lab.down();
    expect((await guest).code).toBe(137);
    expectNothing(lab.name, traces);
  });

  it.each([
    ['as its folder is made', 'maker'],
    ['as its first process starts', 'init'],
    ['as its first host starts', 'hosts/gw1'],
    ['as its last host starts', 'hosts/web06'],
  ])('is nothing when lab up is killed %s, and the next one comes up', async (_, file) => {
    const name = uniqueLabName();
    const maker = makerOf(name);
    await appears(`${stateFolder(name)}/${file}`);
    const traces = processesOf(name);
    maker.kill('SIGKILL');
    await closed(maker);
    const { folder } = await labUp({ name, gateways: 1, webservers: 1 });
    expect(folder).toBe(stateFolder(name));
    expect(traces.filter((pid) => livingPid(`/proc/${pid}/stat`) !== undefined)).toEqual([]);
    const second = processesOf(name);
    await labDown(name);
    expectNothing(name, second);
  });

  it('is nothing after Ctrl-C', async () => {
    const name = uniqueLabName();
    const maker = makerOf(name);
    await appears(`${stateFolder(name)}/init`);
    const traces = processesOf(name);
    maker.kill('SIGINT');
    expect(await closed(maker)).toBe(99);
    await expect.poll(() => existsSync(stateFolder(name)), patience).toBe(false);
    expectNothing(name, traces);
  });

  it('is nothing after the lab’s first process was killed and the next one came and went', async () => {
    const lab = await fleet({ gateways: 1, webservers: 1 });
    const traces = processesOf(lab.name);
    process.kill(livingPid(`${lab.folder}/init`) ?? 0, 'SIGKILL');
    await expect
      .poll(() => labStatuses().find(({ name }) => name === lab.name)?.state, patience)
      .toBe('leftover');
    await labUp({ name: lab.name, gateways: 1, webservers: 0 });
    await lab.down();
    expectNothing(lab.name, traces);
  });
});

describe('several labs', () => {
  it('stand side by side with the same addresses', async () => {
    const [one, two] = await Promise.all([
      fleet({ gateways: 1, webservers: 1 }),
      fleet({ gateways: 1, webservers: 1, iptables: 'legacy' }),
    ]);
    await one.run('gw1', 'echo one > /etc/which');
    await two.run('gw1', 'echo two > /etc/which');
    for (const [lab, said] of [
      [one, 'one\n'],
      [two, 'two\n'],
    ] as const)
      expect(
        await lab.run('controller', ['ssh', '-F', `${lab.folder}/ssh_config`, 'gw1', 'cat /etc/which']),
      ).toBe(said);
    expect(await one.run('gw1', 'iptables -V')).toContain('nf_tables');
    expect(await two.run('gw1', 'iptables -V; iptables-save -V; iptables-restore -V')).toMatch(
      /(?:legacy[\s\S]*){3}/,
    );
    await one.down();
    expect(await two.run('controller', 'ping -c 1 -W 2 10.0.1.1')).toContain('1 received');
  });

  it('are refused when one of that name is up', async () => {
    const lab = await fleet({ gateways: 1, webservers: 0 });
    await expect(labUp({ name: lab.name, gateways: 1, webservers: 0 })).rejects.toThrow(/is up already/);
  });
});

it('brings up 4 gateways and 20 webservers that all answer', async () => {
  const lab = await fleet({ gateways: 4, webservers: 20 });
  const hosts = labStatuses().find(({ name }) => name === lab.name)?.hosts ?? [];
  expect(hosts.filter(({ sshd }) => sshd === 'up')).toHaveLength(24);
  expect(await lab.run('controller', ['ssh', '-F', `${lab.folder}/ssh_config`, 'web20', 'hostname'])).toBe(
    'web20\n',
  );
});

/** bash's /dev/tcp and /dev/udp: says hello and reads the answer. */
function say(protocol: string, read: string): string {
  return `exec 3<>/dev/${protocol}/${internet}/7; echo hello >&3; timeout 5 ${read} <&3`;
}

/** `lab up` in a process of its own, to be killed. */
function makerOf(name: string): ChildProcess {
  const script = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));
  const argv = ['lab', 'up', '--name', name, '--gateways', '2', '--webservers', '6'];
  return spawn(process.execPath, [script, ...argv], { stdio: 'ignore' });
}

/** Closer than expect.poll looks: the moment is the point. The test's own time limit ends a wait in vain. */
async function appears(path: string): Promise<void> {
  while (!existsSync(path)) await delay(1);
}

function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', resolve));
}

/** Every process that is in a namespace of the lab or names its folder, as pids. */
function processesOf(name: string): readonly number[] {
  const init = livingPid(`${stateFolder(name)}/init`);
  if (init === undefined) return [];
  const pids = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  const inLab = (pid: number): boolean => pid === init || (pid > 1 && inLab(parents.get(pid) ?? 0));
  return pids.filter(inLab);
}

function parentOf(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** No folder, none of these processes (a zombie awaits its parent and is nothing), no mount, link or namespace. */
function expectNothing(name: string, pids: readonly number[]): void {
  expect(existsSync(stateFolder(name))).toBe(false);
  expect(pids.filter((pid) => livingPid(`/proc/${pid}/stat`) !== undefined)).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(name);
  expect(readdirSync('/sys/class/net').filter((link) => /^(?:gw|web)\d|inside|outside/.test(link))).toEqual(
    [],
  );
  expect(
    readdirSync('/run/netns').filter(
      (one) => statSync(`/run/netns/${one}`).isFile() && /^(?:gw|web)\d/.test(one),
    ),
  ).toEqual([]);
}

it('exits 5 with the reason when the user is not root', () => {
  const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));
  const argv = [process.execPath, program, 'lab', 'up', '--name', 'never'];
  const { status, stderr, stdout } = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', ...argv], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
  expect(stderr).toContain('a lab needs root');
});
