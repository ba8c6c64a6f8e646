/**
 * A watch over a real fleet: a gateway whose uplink is pulled is told and failed over, a webserver that falls out
 * alone decides nothing, and after Ctrl-C no webserver shows that anybody looked.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appliedFleet } from './applied-fleet.ts';
import type { Fleet } from './fleet.ts';
import { type Process, runIds, start } from './process.ts';

const webservers = ['web01', 'web02', 'web03', 'web04'];

let lab: Fleet;
let under: Process | undefined;

beforeAll(async () => {
  lab = await appliedFleet({ gateways: 2, webservers: webservers.length });
});

afterEach(() => {
  under?.child.kill('SIGKILL');
  under = undefined;
});

function watch(...flags: readonly string[]): Process {
  under = start(lab, ['watch', lab.inventory, ...flags]);
  return under;
}

async function shows(running: Process, words: RegExp): Promise<void> {
  await expect
    .poll(() => running.shown() + running.said(), { timeout: 40_000, interval: 100 })
    .toMatch(words);
}

/** Rules, routes and processes of a webserver, without what counts seconds. */
async function traces(): Promise<readonly string[]> {
  const look =
    'ip -4 rule; ip -4 route show table all; ps ax -o args= | grep -E "^sleep [0-9]|ip rule del" | grep -v grep || :';
  return Promise.all(webservers.map(async (web) => lab.run(web, look)));
}

async function vias(): Promise<readonly (string | undefined)[]> {
  const routes = await Promise.all(webservers.map(async (web) => lab.run(web, 'ip -4 route show default')));
  return routes.map((route) => /via (\S+)/.exec(route)?.[1]);
}

describe('gwfleet watch', () => {
  it('says what to do where there is nothing to look at', async () => {
    const { code, stderr } = await lab.gwfleet(['watch', lab.inventory, '-e', '{"probes": []}']);
    expect(`${code} ${stderr}`).toMatch(/^5 [\s\S]*has probes[\s\S]*all: vars: probes: \[\{ tcp:/);
    const short = await lab.gwfleet(['watch', lab.inventory, '--interval', '0.1']);
    expect(`${short.code} ${short.stderr}`).toMatch(/^5 [\s\S]*0\.5/);
  });

  it('decides nothing for a webserver whose link is pulled, and leaves no traces', async () => {
    const before = await traces();
    const routes = await vias();
    const running = watch('--interval', '0.5', '--failover', '--json');
    await shows(running, /"type":"watching"/);
    await lab.link('web01', 'eth0', 'down');
    await shows(running, /"webserver":"web01","is":"unreachable"/);
    await lab.link('web01', 'eth0', 'up');
    await shows(running, /"webserver":"web01","is":"well"/);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/"type":"(?:gateway|due|held|failover)"/);
    for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ v: 1 });
    await expect.poll(traces, { timeout: 10_000, interval: 300 }).toEqual(before);
    expect(await vias()).toEqual(routes);
  });

  it('only tells of a gateway that does not carry, and of its coming back', async () => {
    const routes = await vias();
    const running = watch();
    await shows(running, /watching gw1 from web01 web02 web03; gw2 from web04 web01 web02/);
    await lab.link('gw2', 'eth1', 'down');
    await shows(running, /gateway gw2 does not carry: .*web0\d/);
    await lab.link('gw2', 'eth1', 'up');
    await lab.run('gw2', 'ip route replace default via 203.0.113.1');
    await shows(running, /gateway gw2 carries again/);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    expect(await vias()).toEqual(routes);
  });

  it('fails a gateway over, once, and no second one beside it', async () => {
    const running = watch('--failover');
    await shows(running, /watching gw1/);
    await lab.link('gw1', 'eth1', 'down');
    await shows(running, /gateway gw1 does not carry[\s\S]*failover from gw1 is done/);
    expect(await vias()).toEqual(webservers.map(() => '10.0.0.2'));
    expect(readFileSync(lab.inventory, 'utf8')).toMatch(/gw1: .*standby/);
    expect(runIds(lab)).toHaveLength(1);
    await lab.link('gw2', 'eth1', 'down');
    await shows(running, /gw2 is down too, beside gw1: not failing over on my own; gwfleet failover \S+ gw2/);
    await lab.link('gw2', 'eth1', 'up');
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
    expect(await vias()).toEqual(webservers.map(() => '10.0.0.2'));
    expect(runIds(lab)).toHaveLength(1);
    expect((await traces()).join('\n')).not.toMatch(/^76\d\d:|table 76\d\d|^sleep/m);
  });
});
