/**
 * A pool that changes under traffic, with real connections through a real gateway: an address that leaves takes no new
 * connections, keeps the ones it has to their end, and is deleted after the last one. The others never notice.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FleetStatus } from '../../src/status/model.ts';
import { type Fleet, fleet } from './fleet.ts';
import { type Held, hold } from './nat/hold.ts';

const six = '203.0.113.10-203.0.113.15';
const five = '203.0.113.10-203.0.113.14';
const last = '203.0.113.15';
const perAddress = 500;

let lab: Fleet;
let held: Held | undefined;

beforeAll(async () => {
  lab = await fleet({ gateways: 1, webservers: 1 });
  for (const [name, drain] of [
    ['soon', '{ deadline: 3s, then: leave }'],
    ['long', '{ deadline: 10m, then: leave }'],
    ['cut', '{ deadline: 3s, then: cut }'],
  ] as const)
    writeFileSync(`${lab.folder}/${name}.yaml`, playbook(drain));
  const first = await lab.gwfleet(['apply', lab.inventory, '--yes']);
  expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
  held = await hold(lab, 'web01', 6 * perAddress);
});
afterAll(() => held?.quit());

function playbook(drain: string): string {
  return `- name: Pool
  hosts: gateways
  tasks:
    - name: Addresses
      aliases: { interface: "{{ external_interface }}", addresses: "{{ snat_pool }}", drain: ${drain} }
    - name: Rules
      ruleset: { internal: "{{ internal_interface }}", external: "{{ external_interface }}", network: "{{ internal_network }}", pool: "{{ snat_pool }}", spread: "{{ spread }}" }
`;
}

const gwfleet = async (verb: string, drain: string, pool: string, ...more: readonly string[]) => {
  const args = [verb, lab.inventory, '-p', `${lab.folder}/${drain}.yaml`, '-e', `snat_pool=${pool}`];
  const { code, stdout, stderr } = await lab.gwfleet([...args, ...more], { env: state() });
  return `${code} ${stdout}${stderr}`;
};
const apply = (drain: string, pool: string, ...more: readonly string[]) =>
  gwfleet('apply', drain, pool, '--yes', ...more);
const holding = (): Held => {
  if (held === undefined) throw new Error('nothing is held');
  return held;
};
const hasAddress = async (address: string) =>
  (await lab.run('gw1', `ip -4 -o addr show dev eth1 to ${address}`)) !== '';

it('takes no new connections on an address that leaves, and breaks none of its 500', async () => {
  const before = await holding().report();
  expect(before.held[last]).toBe(perAddress);
  const told = await apply('soon', five);
  expect(told).toMatch(/^0 /);
  expect(told).toMatch(/~ alias eth1:4 +203\.0\.113\.15\/24 -> draining/);
  expect(told).toContain('203.0.113.15 takes no new connections; it goes after the last of 5');
  expect(told).toMatch(/\[gw1\] 203\.0\.113\.15 draining, 5\d\d connections, at most 3 s/);
  expect(told).toMatch(
    /\[gw1\] 203\.0\.113\.15 still draining, 5\d\d connections: the next apply carries on/,
  );
  const [one, two] = [await holding().report(), await holding().report()];
  expect(two.new[last]).toBe(one.new[last]);
  expect(Object.keys(two.new)).toHaveLength(6);
  expect(two).toMatchObject({ held: before.held, broken: {}, failed: 0 });
  expect(await hasAddress(last)).toBe(true);
});

it('stays shut to the outside while it drains: an alias is no door to the gateway, the primary still is', async () => {
  const knock = async (address: string) =>
    (await lab.exec('internet', `nc -z -w 2 ${address} 22`)).code === 0;
  expect([await knock('203.0.113.10'), await knock('203.0.113.14'), await knock(last)]).toEqual([
    true,
    false,
    false,
  ]);
  await lab.run('gw1', 'iptables -F GWFLEET-INPUT');
  expect(await knock(last)).toBe(true);
  expect(await apply('soon', five)).toMatch(/^0 [\s\S]*1 changed/);
  expect(await knock(last)).toBe(false);
});

it('says in plan and apply that it is draining, and that is no change', async () => {
  expect(await gwfleet('plan', 'soon', five, '--exit-code')).toMatch(
    /^0 [\s\S]*! gw1: 203\.0\.113\.15 is draining, 500 connections\n[\s\S]*No changes/,
  );
  const told = await apply('soon', five);
  expect(told).toMatch(/^0 1 host: 1 ok[\s\S]*203\.0\.113\.15 is draining, 500 connections/);
});

it('says in status that it is draining, and what the next apply does at its deadline', async () => {
  const told = await status('soon', five);
  expect(told.text).toMatch(/^203\.0\.113\.15 +gw1 .*198\.51\.100\.7:7\/tcp \(draining\)$/m);
  expect(told.text.replaceAll(/\n +/g, ' ')).toMatch(
    /^draining: 203\.0\.113\.15 leaves gw1, 5\d\d live connections left; the next apply waits 3 s, then a later apply carries on$/m,
  );
  expect(told.drains).toMatchObject([
    {
      kind: 'address',
      name: last,
      gateway: 'gw1',
      secondsLeft: null,
      atDeadline: 'leave',
      deadlineSeconds: 3,
    },
  ]);
  expect((await status('cut', five)).drains).toMatchObject([{ atDeadline: 'cut', deadlineSeconds: 3 }]);
  expect(told.metrics).toContain(
    'gwfleet_drain_live_connections{gateway="gw1",kind="address",name="203.0.113.15"} 5',
  );
  expect(told.metrics).not.toContain('gwfleet_drain_seconds_left');
});

it('lets it carry again at once when it comes back', async () => {
  expect(await apply('soon', six)).toMatch(/^0 [\s\S]*1 changed/);
  const [one, two] = [await holding().report(), await holding().report()];
  expect(two.new[last]).toBeGreaterThan(one.new[last] ?? 0);
  expect(two.broken).toEqual({});
});

it('deletes it after its last connection, in the run that waits for it', async () => {
  const runs = await drainings();
  const run = apply('long', five);
  await until(async () => (await drainings()) > runs);
  const meanwhile = await status('long', five);
  expect(meanwhile.drains[0]?.secondsLeft).toBeGreaterThan(500);
  expect(meanwhile.drains[0]?.secondsLeft).toBeLessThanOrEqual(600);
  expect(meanwhile.text.replaceAll(/\n +/g, ' ')).toMatch(
    /; a run waits (?:600|5\d\d) s more, then a later apply carries on/,
  );
  expect(meanwhile.metrics).toMatch(
    /^gwfleet_drain_seconds_left\{gateway="gw1",kind="address",name="203\.0\.113\.15"\} (?:600|5\d\d)$/m,
  );
  await holding().release(last);
  const told = await run;
  expect(await hasAddress(last)).toBe(false);
  expect(told).toMatch(/\[gw1\] 203\.0\.113\.15 draining, 5\d\d connections, at most 600 s/);
  expect(told).toContain('[gw1] 203.0.113.15/24 has no connections any more');
  const after = await holding().report();
  expect(after).toMatchObject({ broken: {}, failed: 0 });
  expect(Object.values(after.held)).toEqual([500, 500, 500, 500, 500]);
  expect(await gwfleet('plan', 'long', five, '--exit-code')).toMatch(/^0 [\s\S]*No changes/);
});

it('is carried on by the next apply when gwfleet was killed while it waited', async () => {
  const args = ['-p', `${lab.folder}/long.yaml`, '-e', 'snat_pool=203.0.113.10-203.0.113.13'];
  const abort = new AbortController();
  const runs = await drainings();
  const options = { signal: abort.signal, env: state() };
  const run = lab.gwfleet(['apply', lab.inventory, '--yes', ...args], options);
  await until(async () => (await drainings()) > runs);
  abort.abort();
  await run.catch(() => undefined);
  await holding().release('203.0.113.14');
  const told = await apply('long', '203.0.113.10-203.0.113.13');
  expect(told).toMatch(/^0 1 host: 1 changed[\s\S]*- alias eth1:3 +203\.0\.113\.14\/24/);
  expect(await hasAddress('203.0.113.14')).toBe(false);
  expect((await holding().report()).broken).toEqual({});
});

it('cuts what is left at the deadline when that is wanted, and says how many broke', async () => {
  const told = await apply('cut', '203.0.113.10-203.0.113.12');
  expect(told).toMatch(/^0 [\s\S]*203\.0\.113\.13\/24 cut at the deadline: 5\d\d connections broke/);
  expect(await hasAddress('203.0.113.13')).toBe(false);
  await until(async () => (await holding().report()).broken['203.0.113.13'] === perAddress);
  const after = await holding().report();
  expect(Object.keys(after.held).toSorted()).toEqual(['203.0.113.10', '203.0.113.11', '203.0.113.12']);
  expect(after.broken).toEqual({ '203.0.113.13': perAddress });
});

it('comes back when the run that let it go is taken back', async () => {
  const { code, stdout, stderr } = await lab.gwfleet(['rollback', lab.inventory, '--yes'], { env: state() });
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 [\s\S]*1 changed/);
  expect(await hasAddress('203.0.113.13')).toBe(true);
  const [one, two] = [await holding().report(), await holding().report()];
  expect(two.new['203.0.113.13']).toBeGreaterThan(one.new['203.0.113.13'] ?? 0);
});

/** The three ways in which a look is told. */
async function status(drain: string, pool: string) {
  const args = ['status', lab.inventory, '-p', `${lab.folder}/${drain}.yaml`, '-e', `snat_pool=${pool}`];
  const [text, json, metrics] = await Promise.all(
    [[], ['--json'], ['--prometheus']].map((how) => lab.gwfleet([...args, ...how], { env: state() })),
  );
  const { drains } = JSON.parse(json?.stdout ?? '') as FleetStatus;
  return { text: text?.stdout ?? '', drains, metrics: metrics?.stdout ?? '' };
}

const state = () => ({ XDG_STATE_HOME: `${lab.folder}/state` });

/** How many runs have waited for connections so far. */
const drainings = async () => {
  const events = `${lab.folder}/state/gwfleet/runs/*/events.jsonl`;
  const found = await lab.exec('controller', `grep -l '"draining"' ${events}`);
  return found.stdout.split('\n').length;
};

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 200));
}
