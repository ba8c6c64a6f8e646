/**
 * A gateway dies, and its webservers leave through the other one within seconds: forty of them, with new connections
 * all the time. And a person who names the wrong gateway.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { freshTraffic, serveTraffic } from './traffic.ts';

const webservers = Array.from({ length: 40 }, (_, at) => `web${String(at + 1).padStart(2, '0')}`);

let lab: Fleet;
let active = '';
beforeAll(async () => {
  lab = await fleet({ gateways: 2, webservers: webservers.length });
  const text = readFileSync(lab.inventory, 'utf8');
  active = text.replace('  children:\n', '    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n');
  writeFileSync(lab.inventory, active);
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
  await serveTraffic(lab);
}, 120_000);

function failover(gateway: string, ...flags: readonly string[]): ReturnType<Fleet['gwfleet']> {
  return lab.gwfleet(['failover', lab.inventory, gateway, ...flags]);
}

/** How many webservers leave by each next hop. */
async function vias(): Promise<Readonly<Record<string, number>>> {
  const routes = await Promise.all(webservers.map(async (web) => lab.run(web, 'ip -4 route show default')));
  const counts: Record<string, number> = {};
  for (const route of routes) {
    const via = /via (\S+)/.exec(route)?.[1] ?? 'nowhere';
    counts[via] = (counts[via] ?? 0) + 1;
  }
  return counts;
}

describe('failover', () => {
  it('touches nothing when it is said of the wrong gateway', async () => {
    const unknown = await failover('gw3', '--yes');
    expect(`${unknown.code} ${unknown.stderr}`).toMatch(
      /^5 [\s\S]*no gateway 'gw3'[\s\S]*did you mean 'gw[12]'/,
    );
    const web = await failover('web01', '--yes');
    expect(`${web.code} ${web.stderr}`).toMatch(/^5 [\s\S]*web01 is in .*, but not in its group 'gateways'/);
    const nobody = await failover('gw1');
    expect(`${nobody.code} ${nobody.stderr}`).toMatch(/^5 [\s\S]*--yes/);
    const alive = await failover('gw1', '--yes', '--json');
    expect(`${alive.code} ${alive.stderr}`).toMatch(/^2 [\s\S]*gw1 is not dead: web\d\d reaches its probes/);
    expect(JSON.parse(alive.stdout)).toMatchObject({ exit: 2 });
    expect(readFileSync(lab.inventory, 'utf8')).toBe(active);
    expect(await vias()).toEqual({ '10.0.0.1': 20, '10.0.0.2': 20 });
  });

  it('shows what it would do, and what is lost', async () => {
    const { code, stdout } = await failover('gw1', '--check');
    expect(`${code}\n${stdout}`).toMatch(
      /^0\n[\s\S]*10\.0\.0\.1 -> 10\.0\.0\.2 .*breaks (?:~\d+|its) connection/,
    );
    expect(stdout).toMatch(/on 20 of 40 hosts/);
    expect(readFileSync(lab.inventory, 'utf8')).toBe(active);
  });

  it('has all forty on the other gateway within seconds', async () => {
    const [leaving] = await Promise.all(
      webservers.map(async (web) => ({ web, route: await lab.run(web, 'ip -4 route show default') })),
    ).then((all) => all.filter(({ route }) => route.includes('10.0.0.1 ')));
    const fresh = await freshTraffic(lab, leaving?.web ?? '', 20);
    await lab.link('gw1', 'eth0', 'down');
    await lab.link('gw1', 'eth1', 'down');
    const begun = performance.now();
    const { code, stdout, stderr } = await failover('gw1', '--yes');
    const seconds = (performance.now() - begun) / 1000;
    expect(`${code}\n${stderr}`).toMatch(/^0\n[\s\S]*gw1 carries nobody[\s\S]*gw1 stands as standby/);
    expect(stderr).not.toContain('MaxListeners');
    expect(stdout).toMatch(/40 hosts: 20 ok, 20 changed/);
    expect(await vias()).toEqual({ '10.0.0.2': 40 });
    const { opened, failed, log } = await fresh.end();
    console.log(
      `failover of 20 of 40 webservers: ${seconds.toFixed(1)} s, ${failed} of ${opened} new connections failed`,
    );
    expect(log.at(-1)?.[1]).toMatch(/^203\.0\.113\.2\d$/);
    expect(readFileSync(lab.inventory, 'utf8')).toBe(
      active.replace(/(gw1: .*) }/, '$1, gateway_state: standby }'),
    );
  });

  it('has nothing to do the second time, and refuses to leave nobody to leave through', async () => {
    const { code, stdout, stderr } = await failover('gw1', '--yes', '--progress', 'jsonl');
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; message?: string });
    expect(events.map(({ message }) => message ?? '').join('\n')).toMatch(
      /gw1 is standby already, and nobody leaves/,
    );
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', exit: 0 });
    const last = await failover('gw2', '--yes');
    expect(`${last.code} ${last.stderr}`).toMatch(/^5 [\s\S]*no other active gateway to take over from gw2/);
  });
});
