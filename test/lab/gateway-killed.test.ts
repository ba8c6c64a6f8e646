/**
 * gwfleet killed with -9 at ten moments of a `gateway add`, from its first word to the last drain: whatever was in
 * flight, everybody gets out, no live connection breaks, and the same command finishes the job.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, inventoryLocks, start } from './process.ts';
import { freshTraffic, type Held, holdTraffic, type Running, serveTraffic } from './traffic.ts';

const webservers = ['web01', 'web02', 'web03', 'web04', 'web05', 'web06'];

/** What it said last, and how many milliseconds later it dies: numbers that nobody chose, the same in every run. */
const moments = (
  [
    [/gateway add/, 137],
    [/nobody else answers/, 53],
    [/\[gw3\] guard armed/, 88],
    [/\[gw3\] FORWARD and SNAT rules done/, 21],
    [/\[gw3\] (?:confirmed|ok)/, 9],
    [/through gw3: all probes answer/, 0],
    [/\[web\d+\] guard armed/, 164],
    [/\[web\d+\] confirmed/, 12],
    [/batch 2\/2/, 17],
    [/draining: 5 connections/, 0],
  ] as const
).map(([words, ms]) => ({ words, ms }));

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 3, webservers: webservers.length });
  const text = readFileSync(lab.inventory, 'utf8');
  const probes = '    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n';
  const standby = text
    .replace('  children:\n', probes)
    .replace(/(gw3: .*) }/, '$1, gateway_state: standby }');
  writeFileSync(lab.inventory, standby);
  await serveTraffic(lab);
  const { code, stderr } = await gwfleet(lab, ['apply', lab.inventory, '--yes', '-l', '!gw3']);
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
});

it('the fleet works at each of them, and the same command finishes the job', async () => {
  const add = [
    'gateway',
    'add',
    lab.inventory,
    'gw3',
    '--yes',
    '--deadline',
    '2s',
    '--confirm-timeout',
    '5s',
  ];
  const held = await Promise.all(webservers.map((web) => holdTraffic(lab, web, { count: 5 })));
  let died = 0;
  for (const { words, ms } of moments) {
    const killed = start(lab, add);
    await killed.until(words);
    await delay(ms);
    killed.child.kill('SIGKILL');
    const { code, stderr } = await killed.ended;
    // The last words come so near the end that a quick run has ended by itself.
    if (code === null) died += 1;
    else expect(code, stderr).toBe(0);
    await everybodyGetsOut(`${ms} ms after ${String(words)}`);
  }
  expect(died).toBeGreaterThanOrEqual(moments.length - 2);
  const finished = await gwfleet(lab, add);
  expect(`${finished.code}\n${finished.stderr}`).toMatch(/^0\n/);
  expect(inventoryLocks(lab).filter((name) => name.endsWith('.lock'))).toEqual([]);
  expect(readFileSync(lab.inventory, 'utf8')).toMatch(/gw3: .*gateway_state: active }/);
  await endWhole(held);
  const apply = await gwfleet(lab, ['apply', lab.inventory, '--yes']);
  expect(`${apply.code}\n${apply.stderr}`).toMatch(/^0\n/);
  const plan = await lab.gwfleet(['plan', lab.inventory, '--exit-code']);
  expect(`${plan.code}\n${plan.stdout}`).toMatch(/^0\n/);
  for (const web of webservers) expect(await lab.run(web, traces), web).toBe('');
  const ways = await Promise.all(webservers.map((web) => lab.run(web, 'ip -4 route show default')));
  expect(ways.filter((way) => way.includes('via 10.0.0.3 ')).length).toBeGreaterThan(0);
});

/** Everybody opens new connections; held ones are counted at the end. */
async function everybodyGetsOut(when: string): Promise<void> {
  const fresh = await Promise.all(webservers.map((web) => freshTraffic(lab, web, 10)));
  await delay(500);
  for (const one of fresh) {
    const { opened, failed } = await one.end();
    expect({ failed, some: opened > 0 }, when).toEqual({ failed: 0, some: true });
  }
}

async function endWhole(held: readonly Running<Held>[]): Promise<void> {
  for (const one of held) expect(await one.end()).toMatchObject({ held: 5, broken: 0 });
}

/** What a drain, a guard or a look may leave behind. */
const traces = `ip rule | grep -e '^7[0-9][0-9][0-9]:'; ip route show table all | grep -e ' table 7'; iptables-save; nft list ruleset; cat /run/gwfleet/drain 2>/dev/null; ls -d /run/gwfleet/lock /run/gwfleet/*/armed 2>/dev/null; :`;
