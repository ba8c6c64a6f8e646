/**
 * Twins: one pool, two gateways. The one with the addresses is cut off under 500 live connections, the other takes
 * them over, and the connections go on; what comes back does not fight; and back again, while both are alive.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { start } from './process.ts';
import { type Fresh, freshTraffic, type Held, holdTraffic, type Running, serveTraffic } from './traffic.ts';

const webservers = ['web01', 'web02', 'web03', 'web04'];
const pool = [11, 12, 13, 14, 15].map((last) => `203.0.113.${last}`);

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 2, webservers: webservers.length });
  const text = readFileSync(lab.inventory, 'utf8')
    .replace('  children:\n', '    spread: hash\n    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n')
    .replace('203.0.113.10-', '203.0.113.11-')
    .replace(
      / {8}gw2: .*/,
      '        gw2: { ansible_host: 10.0.0.2, twin: gw1, gateway_state: standby } # the spare',
    );
  writeFileSync(lab.inventory, text);
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
  await serveTraffic(lab);
});

async function addressesOf(gateway: string): Promise<readonly string[]> {
  const shown = await lab.run(gateway, 'ip -o -4 addr show dev eth1');
  return pool.filter((address) => shown.includes(` ${address}/`));
}

async function vias(): Promise<readonly (string | undefined)[]> {
  const routes = await Promise.all(webservers.map(async (web) => lab.run(web, 'ip -4 route show default')));
  return routes.map((route) => /via (\S+)/.exec(route)?.[1]);
}

/** Whom the outside sends answers to: the pool's addresses by MAC. */
async function known(): Promise<string> {
  return lab.run('internet', 'ip -4 neigh show');
}

async function mac(gateway: string): Promise<string> {
  return (await lab.run(gateway, 'cat /sys/class/net/eth1/address')).trim();
}

interface Load {
  end(): Promise<{ readonly held: readonly Held[]; readonly fresh: Fresh }>;
}

/** 500 held connections, and twenty new ones a second. */
async function load(): Promise<Load> {
  const held: Running<Held>[] = await Promise.all(
    webservers.map(async (web) => holdTraffic(lab, web, { count: 125 })),
  );
  const fresh = await freshTraffic(lab, 'web01', 20);
  return {
    end: async () => ({
      held: await Promise.all(held.map(async (one) => one.end())),
      fresh: await fresh.end(),
    }),
  };
}

function survivors(held: readonly Held[]): number {
  return held.reduce((sum, one) => sum + one.held - one.broken, 0);
}

function failover(gateway: string, ...flags: readonly string[]): ReturnType<Fleet['gwfleet']> {
  return lab.gwfleet(['failover', lab.inventory, gateway, '--yes', ...flags]);
}

describe('twins', () => {
  it('share one pool: the spare one has all but the addresses', async () => {
    expect(await addressesOf('gw1')).toEqual(pool);
    expect(await addressesOf('gw2')).toEqual([]);
    const rules = await Promise.all(
      ['gw1', 'gw2'].map(async (gw) => lab.run(gw, 'iptables -t nat -S; iptables -t mangle -S')),
    );
    expect(rules[0]).toBe(rules[1]);
    expect(await vias()).toEqual(webservers.map(() => '10.0.0.1'));
    const again = await lab.gwfleet(['plan', lab.inventory, '--exit-code']);
    expect(`${again.code}\n${again.stdout}`).toMatch(/^0\n/);
  });

  it('take over when one is cut off, and live connections go on', async () => {
    const traffic = await load();
    await lab.link('gw1', 'eth0', 'down');
    await lab.link('gw1', 'eth1', 'down');
    const begun = performance.now();
    const { code, stdout, stderr } = await failover('gw1');
    const seconds = (performance.now() - begun) / 1000;
    expect(`${code}\n${stderr}`).toMatch(/^0\n[\s\S]*gw2 stands as active, gw1 as standby/);
    expect(stderr).toMatch(
      /keeps ~5[0-2]\d connections[\s\S]*gw1 carries nobody[\s\S]*when it is back, run gwfleet apply at once/,
    );
    expect(stdout).toMatch(/5 changed/);
    expect(await addressesOf('gw2')).toEqual(pool);
    expect(await vias()).toEqual(webservers.map(() => '10.0.0.2'));
    // A sender that heard nothing for so long tries again after as long a time once more.
    await new Promise((resolve) => setTimeout(resolve, (seconds + 3) * 1000));
    const { held, fresh } = await traffic.end();
    console.log(
      `failover to a twin: ${seconds.toFixed(1)} s, ${survivors(held)} of 500 live connections survive, ${fresh.failed} of ${fresh.opened} new ones failed`,
    );
    // 486 to 500 were seen: two connections that want one port of one address cannot both go on.
    expect(survivors(held)).toBeGreaterThanOrEqual(475);
    expect(fresh.log.at(-1)?.[1]).toMatch(/^203\.0\.113\.1[1-5]$/);
    expect(readFileSync(lab.inventory, 'utf8')).toMatch(
      /gw1: \{.*gateway_state: standby.*\n.*gw2: \{.*twin: gw1, gateway_state: active \} # the spare/,
    );
  });

  it('have nothing to do when it is said again', async () => {
    const { code, stdout, stderr } = await failover('gw1');
    expect(`${code} ${stdout}`).toMatch(/^0 [\s\S]*5 ok/);
    expect(stderr).toMatch(/gw1 is standby already, and nobody leaves through it/);
  });

  it('do not fight when the dead one is back: apply takes its addresses away, the living one is left alone', async () => {
    await lab.link('gw1', 'eth1', 'up');
    await lab.link('gw1', 'eth0', 'up');
    expect(await addressesOf('gw1')).toEqual(pool);
    // The worst: it has told everybody that they are its own.
    await lab.run('gw1', pool.map((address) => `arping -q -U -c 1 -I eth1 ${address}`).join('; '));
    expect(await known()).toContain(await mac('gw1'));
    const { code, stdout, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
    expect(`${code}\n${stderr}`).toMatch(/^0\n[\s\S]*- alias eth1:0\.\.eth1:4/);
    expect(stdout).toMatch(/5 ok, 1 changed|1 changed, 5 ok/);
    expect(await addressesOf('gw1')).toEqual([]);
    await expect
      .poll(known, { timeout: 10_000 })
      .not.toMatch(new RegExp(`203.0.113.1[1-5].*${await mac('gw1')}`));
    const after = await lab.run('web01', 'nc -z -w 2 198.51.100.7 443 && echo out');
    expect(after).toBe('out\n');
  });

  it('change places while both are alive, when it is said so', async () => {
    const traffic = await load();
    const refused = await failover('gw2');
    expect(`${refused.code} ${refused.stderr}`).toMatch(/^2 [\s\S]*gw2 is not dead/);
    const { code, stderr } = await failover('gw2', '--force');
    expect(`${code}\n${stderr}`).toMatch(/^0\n/);
    expect(await addressesOf('gw1')).toEqual(pool);
    expect(await addressesOf('gw2')).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const { held, fresh } = await traffic.end();
    console.log(
      `changing places: ${survivors(held)} of 500 survive, ${fresh.failed} of ${fresh.opened} new ones failed`,
    );
    // Those that share an address and a port with one that has just ended have got another port.
    expect(survivors(held)).toBeGreaterThanOrEqual(475);
    expect(await vias()).toEqual(webservers.map(() => '10.0.0.1'));
  });

  it('finish what a killed command had begun', async () => {
    await lab.link('gw1', 'eth1', 'down');
    const running = start(lab, ['failover', lab.inventory, 'gw1', '--yes']);
    await running.until(/gw2 stands as active/);
    running.child.kill('SIGKILL');
    await running.ended;
    const { code, stderr } = await failover('gw1');
    expect(`${code}\n${stderr}`).toMatch(/^0\n/);
    expect(await addressesOf('gw2')).toEqual(pool);
    expect(await addressesOf('gw1')).toEqual([]);
    expect(await vias()).toEqual(webservers.map(() => '10.0.0.2'));
  });

  it('say that the other one is away, too', async () => {
    await lab.link('gw1', 'eth0', 'down');
    await lab.link('gw2', 'eth1', 'down');
    const text = readFileSync(lab.inventory, 'utf8');
    const { code, stderr, stdout } = await failover('gw2');
    expect(`${code} ${stderr}${stdout}`).toMatch(
      /^[24] [\s\S]*its twin gw1 cannot take over: [\s\S]*--no-twin/,
    );
    expect(readFileSync(lab.inventory, 'utf8')).toBe(text);
    const alone = await failover('gw2', '--no-twin');
    expect(`${alone.code} ${alone.stderr}`).toMatch(/^5 [\s\S]*no other active gateway/);
  });
});
