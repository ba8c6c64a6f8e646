/**
 * A default route moves under traffic and no connection breaks, three rounds in a row; then the hosts carry no trace.
 * Full figures: GWFLEET_DRAIN_HELD=2000 GWFLEET_DRAIN_NEW=300.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { datagramTraffic, type Fresh, freshTraffic, holdTraffic, serveTraffic } from './traffic.ts';

const { GWFLEET_DRAIN_HELD = '200', GWFLEET_DRAIN_NEW = '30' } = process.env;
const webs = ['web01', 'web02', 'web03'] as const;
const each = { held: Math.ceil(Number(GWFLEET_DRAIN_HELD) / 3), fresh: Number(GWFLEET_DRAIN_NEW) / 3 };
const addresses = { gw1: '10.0.0.1', gw2: '10.0.0.2' } as const;

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 2, webservers: 3, defaultRoute: 'gw1' });
  await serveTraffic(lab);
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes', '-l', 'gateways']);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
});

describe('moves under traffic', () => {
  it.each([
    ['gw1', 'gw2'],
    ['gw2', 'gw1'],
    ['gw1', 'gw2'],
  ] as const)('from %s to %s: nothing breaks, and new ones take the new way', async (_from, to) => {
    const before = await traces();
    const held = await Promise.all(webs.map((web) => holdTraffic(lab, web, { count: each.held })));
    const fresh = await Promise.all(webs.map((web) => freshTraffic(lab, web, each.fresh)));
    const applied = move(lab, `via: ${addresses[to]}, drain: { deadline: 2m }`);
    await Promise.race([applied, Promise.all(webs.map((web) => movedTo(web, addresses[to])))]);
    const moved = Date.now() / 1000;
    await delay(2000);
    const young = await Promise.all(fresh.map((one) => one.end()));
    const reports = await Promise.all(held.map((one) => one.end()));
    expect(reports.map(({ held, broken }) => [held, broken])).toEqual(webs.map(() => [each.held, 0]));
    for (const report of young) expect(waysOf(report, moved)).toEqual({ failed: 0, after: [to], back: 0 });
    const { code, stdout, stderr } = await applied;
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    expect(endings(stdout)).toEqual(webs.map((web) => `${web} empty`));
    expect(await traces()).toEqual(before);
  });
});

it('datagram flows that conntrack has never seen stay, too, as long as there are such', async () => {
  await lab.run('web01', 'iptables-save | grep -q . && exit 1; :');
  const flows = await datagramTraffic(lab, 'web01', 20);
  const held = await holdTraffic(lab, 'web01', { count: 1 });
  const applied = move(lab, `via: ${addresses.gw1}, drain: { deadline: 2m }`);
  await movedTo('web01', addresses.gw1);
  await delay(2000);
  const young = await datagramTraffic(lab, 'web01', 5);
  await delay(1000);
  const [old, fresh] = [await flows.end(), await young.end()];
  expect(old).toMatchObject({ held: 20, broken: 0 });
  expect(old.seen.map((seen) => seen.length)).toEqual(Array.from({ length: 20 }, () => 1));
  expect(old.seen.every(([address]) => address?.startsWith('203.0.113.2'))).toBe(true);
  expect(fresh.seen.every(([address]) => address?.startsWith('203.0.113.1'))).toBe(true);
  await held.end();
  expect((await applied).code).toBe(0);
});

/** `web01 empty`, sorted by host. */
function endings(stdout: string): readonly string[] {
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { type: string; host?: string; how?: string });
  return events
    .flatMap(({ type, host, how }) => (type === 'drain-finished' ? [`${host} ${how}`] : []))
    .toSorted();
}

/** `apply` of one task on all webservers. */
async function move(fleet: Fleet, task: string) {
  const playbook = join(fleet.folder, 'move.yaml');
  const rules = 'serial: [1, "100%"]';
  writeFileSync(
    playbook,
    `- hosts: webservers\n  ${rules}\n  tasks: [{ name: Route, default_route: { ${task} } }]\n`,
  );
  return fleet.gwfleet(['apply', fleet.inventory, '-p', playbook, '--yes', '--progress', 'jsonl']);
}

async function movedTo(web: string, address: string): Promise<void> {
  await lab.run(web, `until ip route show default | grep -q 'via ${address} '; do sleep 0.1; done`);
}

/** Which gateways the connections opened after `moved` were seen through, and how many went back to the old one. */
function waysOf({ failed, log }: Fresh, moved: number) {
  const gateway = (seen: string): string => `gw${seen.split('.')[3]?.slice(0, 1) ?? ''}`;
  const ways = log.map(([at, seen]) => ({ at, gateway: gateway(seen) }));
  const after = ways.filter(({ at }) => at > moved);
  const last = after.at(-1)?.gateway;
  const turned = ways.findIndex((way) => way.gateway === last);
  const back = ways.slice(turned).filter((way) => way.gateway !== last).length;
  return { failed, after: [...new Set(after.map((way) => way.gateway))], back };
}

/** All that a drain may put on a host. */
async function traces(): Promise<readonly string[]> {
  const look = `ip rule; ip route show table all | grep -v -e '^default' | sort; iptables-save | grep -v '^#'; iptables-legacy-save 2>/dev/null; nft list ruleset; conntrack -L 2>/dev/null | grep -v ' mark=0 ' | wc -l; ls /run/gwfleet/drain`;
  return Promise.all(webs.map(async (web) => (await lab.exec(web, look)).stdout));
}
