/**
 * `status` on a fleet that carries real connections. What it should say is not taken from its own words but from
 * `conntrack -L` on the gateways, counted here by other means, and from what was done to the hosts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FleetStatus, GatewayStatus } from '../../src/status/model.ts';
import { type Fleet, fleet } from './fleet.ts';
import { hostNames, hostStates } from './host-state.ts';
import { type Held, hold } from './status/hold.ts';

const sizes = { gateways: 2, webservers: 4 };
const { gateways, all } = hostNames(sizes);
const places = ['198.51.100.7:9001', '198.51.100.8:9001', '198.51.100.8:9002'] as const;

let lab: Fleet;
let state: string;
const held: Held[] = [];

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'gwfleet-status-'));
  lab = await fleet(sizes);
  expect((await lab.gwfleet(['apply', lab.inventory, '--yes'], { env: env() })).code).toBe(0);
  await lab.run('internet', 'ip address add 198.51.100.8/32 dev lo');
  held.push(await hold(lab, 'internet', 'serve', [...places, '198.51.100.8:9003']));
  const opened = await Promise.all([
    hold(lab, 'web01', 'open', [`${places[0]}=400`, `${places[1]}=130`]),
    hold(lab, 'web02', 'open', [`${places[0]}=250`]),
    hold(lab, 'web03', 'open', [`${places[1]}=300`, `${places[2]}=70`]),
    hold(lab, 'web04', 'open', [`${places[2]}=90`]),
  ]);
  expect(opened.map(({ refused }) => refused)).toEqual([0, 0, 0, 0]);
  held.push(...opened);
});

afterAll(async () => {
  await Promise.all(held.map((one) => one.letGo()));
  rmSync(state, { recursive: true, force: true });
});

it('tells each address and destination as conntrack -L counts them, and who carries whose connections', async () => {
  const { status, code } = await look();
  expect(code).toBe(0);
  for (const gateway of status.gateways) {
    const table = await connections(gateway.host);
    expect(gateway.addresses.map(({ address }) => address)).toEqual(pool(gateway.host));
    for (const { address, entries, fills } of gateway.addresses) {
      const mine = table.filter(({ answer }) => answer === address);
      expect(entries).toBe(mine.length);
      const counted = places.flatMap((place) => {
        const count = mine.filter(({ to }) => to === place).length;
        return count === 0 ? [] : [{ place, count }];
      });
      const told = fills.map(({ destination, port, entries: count }) => ({
        place: `${destination}:${port}`,
        count,
      }));
      expect(told.toSorted(byPlace)).toEqual(counted.toSorted(byPlace));
      for (const fill of fills) expect(fill.share).toBeCloseTo(fill.entries / 64_512, 6);
    }
    for (const { webserver, live } of gateway.carried)
      expect(live).toBe(table.filter(({ from }) => from === address(webserver ?? '')).length);
  }
  expect(status.gateways.flatMap(({ carried }) => carried).reduce((sum, { live }) => sum + live, 0)).toBe(
    1240,
  );
  expect(status).toMatchObject({ level: 'ok', alarms: [], drains: [] });
  // The size of the table belongs to the root namespace: a note with what that means, and nothing to act on.
  const [note] = gatewayIn(status, 'gw1').notes.filter((text) => text.includes('nf_conntrack_max'));
  expect(note).toMatch(
    / cannot be set from here and stays (\d+), wanted 524288: beyond \1 connections in all/,
  );
});

it('asks each host once, and leaves every host as it was', async () => {
  for (const host of all) await talkative(host);
  const before = await hostStates(lab, all);
  const { code, stdout } = await lab.gwfleet(['status', lab.inventory], { env: env() });
  expect(`${code} ${stdout}`).toMatch(/^0 well: fullest address/);
  expect(await hostStates(lab, all)).toEqual(before);
  for (const host of all) {
    const log = await lab.run(host, 'cat /var/log/sshd.log');
    expect(log.match(/Starting session: command/g)?.length, host).toBe(1);
  }
});

it('says all of it within 80 columns, and within 40', async () => {
  for (const columns of [80, 40]) {
    const { stdout } = await lab.gwfleet(['status', lab.inventory], {
      env: { ...env(), COLUMNS: `${columns}` },
    });
    expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
    expect(stdout.replaceAll(/\n +/g, ' ')).toContain(
      'note: gw1 gw2: net.netfilter.nf_conntrack_max cannot be set from here and stays ',
    );
  }
});

it('writes metrics that promtool accepts without a word, whole, readable, and with the same figures', async () => {
  const file = join(state, 'metrics', 'gwfleet.prom');
  const before = readFileSync(memoryFile(), 'utf8');
  const { code, stdout } = await lab.gwfleet(['status', lab.inventory, '--prometheus', '-o', file], {
    env: env(),
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(state, 'metrics'))).toEqual(['gwfleet.prom']);
  const text = readFileSync(file, 'utf8');
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
  const entries = (await connections('gw1')).filter(({ answer }) => answer === '203.0.113.11').length;
  expect(text).toContain(
    `gwfleet_address_entries{gateway="gw1",address="203.0.113.11",state="pool"} ${entries}\n`,
  );
  expect(readFileSync(memoryFile(), 'utf8'), 'a scraper moves nobody’s last look').toBe(before);
});

it('shows connections that a webserver left behind on its old gateway', async () => {
  const { status } = await look();
  const { gateway: from = '' } = status.webservers.find(({ host }) => host === 'web01') ?? {};
  const to = from === 'gw1' ? '10.0.0.2' : '10.0.0.1';
  const route = (await lab.run('web01', 'ip -4 route show default')).trim();
  await lab.run('web01', `ip route replace default via ${to} dev eth0 proto static`);
  const moved = (await look()).status;
  const nobody = { secondsLeft: null, atDeadline: null, deadlineSeconds: null };
  expect(moved.drains).toEqual([{ kind: 'webserver', name: 'web01', gateway: from, live: 530, ...nobody }]);
  expect(moved.alarms.map(({ host }) => host)).toEqual(['web01']);
  await lab.run('web01', `ip route replace ${route}`);
  expect((await look()).status.drains).toEqual([]);
});

it('tells refused connections, and the rule that somebody put there', async () => {
  const web = (await look()).status.webservers.find(({ gateway }) => gateway === 'gw1')?.host ?? '';
  const narrow = '-o eth1 -p tcp --dport 9003 -j SNAT --to-source 203.0.113.11:40000-40004';
  await lab.run('gw1', `iptables -t nat -I GWFLEET-SNAT 1 ${narrow}`);
  const crowd = await hold(lab, web, 'open', ['198.51.100.8:9003=7']);
  expect(crowd).toMatchObject({ opened: 5, refused: 2 });
  const { status } = await look();
  await crowd.letGo();
  await lab.run('gw1', `iptables -t nat -D GWFLEET-SNAT ${narrow}`);
  const gw1 = gatewayIn(status, 'gw1');
  expect(gw1.growth.counters.insert_failed).toBeGreaterThanOrEqual(2);
  expect(gw1.growth.counters.drop).toBeGreaterThanOrEqual(2);
  expect(gatewayIn(status, 'gw2').growth.counters).toMatchObject({ insert_failed: 0, drop: 0 });
  const said = status.alarms.map(({ host, text }) => `${host}: ${text}`);
  expect(said[0]).toMatch(/^gw1: new connections were refused: insert_failed \+\d+, drop \+\d+ since /);
  expect(said[1]).toMatch(/^gw1: not as the playbook says: .*GWFLEET-SNAT/);
  const quiet = (await look()).status;
  expect(gatewayIn(quiet, 'gw1').growth.counters).toMatchObject({ insert_failed: 0, drop: 0 });
  expect(quiet.alarms).toEqual([]);
});

it('tells leaks: what the guard stops, and what leaves when there is no guard', async () => {
  const web = (await look()).status.webservers.find(({ gateway }) => gateway === 'gw2')?.host ?? '';
  await lab.run('gw2', 'iptables -t nat -F GWFLEET-SNAT');
  await lab.exec(web, 'timeout 1 nc -w 1 198.51.100.7 9001 </dev/null');
  const stopped = gatewayIn((await look()).status, 'gw2');
  expect(stopped.growth.leaked).toBeGreaterThan(0);
  expect(stopped.unnatted).toBe(0);
  expect(stopped.drift.changes.join('\n')).toContain('GWFLEET-SNAT');
  await lab.run('gw2', 'nft delete table ip gwfleet_leak_guard');
  await lab.exec(web, 'timeout 1 nc -w 1 198.51.100.7 9001 </dev/null');
  const { status, code } = await look('--exit-code');
  expect(gatewayIn(status, 'gw2').unnatted).toBeGreaterThan(0);
  expect({ code, level: status.level }).toEqual({ code: 2, level: 'alarm' });
  expect((await lab.gwfleet(['apply', lab.inventory, '--yes'], { env: env() })).code).toBe(0);
});

it('shows who holds a host, and that a lock without a process is one', async () => {
  const text = 'run 20261122-214007-7f3a.1\\nowner eve@desk\\nsince 1795383607\\nseconds 60\\n';
  const mine = '$$ $(sed "s/.*) //" /proc/$$/stat | cut -d " " -f 20)';
  const lock = `{ printf '${text}'; printf 'starter %s %s\\n' ${mine}; } > /run/gwfleet/lock`;
  await lab.run('web02', lock);
  const { status } = await look();
  await lab.run('web02', 'rm /run/gwfleet/lock');
  const { pending } = status.webservers.find(({ host }) => host === 'web02') ?? {};
  expect(pending?.lock).toMatchObject({ run: '20261122-214007-7f3a.1', owner: 'eve@desk', life: 'dead' });
  const alarm = status.alarms.find(({ host }) => host === 'web02');
  expect(alarm?.advice).toBe('gwfleet apply --break-lock 20261122-214007-7f3a');
});

it('is not stopped by a host that is away: exit 4, and all others are told', async () => {
  await lab.stop('web04');
  const { status, code } = await look();
  expect(code).toBe(4);
  const results = [...status.gateways, ...status.webservers].map(({ host, result }) => `${host} ${result}`);
  expect(results).toEqual([
    'gw1 seen',
    'gw2 seen',
    'web01 seen',
    'web02 seen',
    'web03 seen',
    'web04 unreachable',
  ]);
  const { stdout } = await lab.gwfleet(['status', lab.inventory, '--prometheus'], { env: env() });
  expect(stdout).toContain('gwfleet_host_up{host="web04",role="webserver"} 0\n');
  await lab.start('web04');
});

function env(): Record<string, string> {
  return { XDG_STATE_HOME: state };
}

async function look(...more: string[]): Promise<{ status: FleetStatus; code: number }> {
  const { code, stdout, stderr } = await lab.gwfleet(['status', lab.inventory, '--json', ...more], {
    env: env(),
  });
  if (stdout === '') throw new Error(stderr);
  return { code, status: JSON.parse(stdout) as FleetStatus };
}

function gatewayIn({ gateways: found }: FleetStatus, name: string): GatewayStatus {
  const gateway = found.find(({ host }) => host === name);
  if (gateway === undefined) throw new Error(`no ${name}`);
  return gateway;
}

interface Entry {
  readonly from: string;
  readonly to: string;
  readonly answer: string;
}

/** Connections to the places of this test, from the tool's own words. */
async function connections(gateway: string): Promise<readonly Entry[]> {
  const text = await lab.run(gateway, 'conntrack -L -p tcp 2>/dev/null');
  const entry = /src=(\S+) dst=(\S+) sport=\d+ dport=(\d+) .*?src=\S+ dst=(\S+) /g;
  const found = [...text.matchAll(entry)].map(([, from = '', to = '', port = '', answer = '']) => ({
    from,
    to: `${to}:${port}`,
    answer,
  }));
  return found.filter(({ to }) => to.startsWith('198.51.100.'));
}

function byPlace(a: { place: string }, b: { place: string }): number {
  return a.place < b.place ? -1 : 1;
}

function pool(gateway: string): readonly string[] {
  return Array.from({ length: 6 }, (_, at) => `203.0.113.${(gateways.indexOf(gateway) + 1) * 10 + at}`);
}

function address(webserver: string): string {
  return `10.0.1.${Number(webserver.slice(3))}`;
}

function memoryFile(): string {
  const folder = join(state, 'gwfleet', 'looks');
  const [file = ''] = readdirSync(folder);
  expect(execFileSync('stat', ['-c', '%a', folder], { encoding: 'utf8' })).toBe('700\n');
  return join(folder, file);
}

/** sshd tells each exec only when it is talkative; its log begins anew. */
async function talkative(host: string): Promise<void> {
  const restart = `
sed -i '1i LogLevel VERBOSE' /etc/ssh/sshd_config
: > /var/log/sshd.log
kill -HUP "$(cat /run/sshd.pid)"
until grep -q 'Server listening' /var/log/sshd.log; do sleep 0.1; done`;
  await lab.run(host, restart);
}
