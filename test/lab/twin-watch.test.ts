/**
 * A watch over nothing but a pair of twins: nobody can look through the one that stands by, so it looks itself. When
 * the other one is cut off, it takes over on its own, and the watch goes on through it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { type Process, runIds, start } from './process.ts';
import { holdTraffic, serveTraffic } from './traffic.ts';

const webservers = ['web01', 'web02', 'web03'];

let lab: Fleet;
let running: Process | undefined;

beforeAll(async () => {
  lab = await fleet({ gateways: 2, webservers: webservers.length });
  const text = readFileSync(lab.inventory, 'utf8')
    .replace('  children:\n', '    spread: hash\n    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n')
    .replace('203.0.113.10-', '203.0.113.11-')
    .replace(/ {8}gw2: .*/, '        gw2: { ansible_host: 10.0.0.2, twin: gw1, gateway_state: standby }');
  writeFileSync(lab.inventory, text);
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
  await serveTraffic(lab);
});

afterAll(() => {
  running?.child.kill('SIGKILL');
});

it('hands over to the twin without a person, and nothing breaks', async () => {
  const held = await holdTraffic(lab, 'web01', { count: 100 });
  running = start(lab, ['watch', lab.inventory, '--failover']);
  const shows = (words: RegExp) =>
    expect.poll(() => running?.shown(), { timeout: 40_000, interval: 100 }).toMatch(words);
  await shows(/watching gw1 from web01 web02 web03; gw2 by itself/);
  await lab.link('gw1', 'eth0', 'down');
  await lab.link('gw1', 'eth1', 'down');
  await shows(
    /gateway gw1 does not carry[\s\S]*failover from gw1 is done[\s\S]*watching gw2 from web01 web02 web03; gw1 by/,
  );
  const { broken } = await held.end();
  expect(broken).toBeLessThanOrEqual(2);
  for (const web of webservers)
    expect(await lab.run(web, 'ip -4 route show default')).toContain('via 10.0.0.2 ');
  running.child.kill('SIGINT');
  expect((await running.ended).code).toBe(0);
  expect(runIds(lab)).toHaveLength(1);
});
