/**
 * Gateways leave a fleet under live connections: drained in peace, left at a deadline and carried on, cut, gone with
 * their machine, last of all. One lab, one story after the other. Whoever is let go carries nobody any more, and no
 * webserver keeps a trace.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, start } from './process.ts';
import { freshTraffic, type Held, holdTraffic, type Running, serveTraffic } from './traffic.ts';

const webservers = ['web01', 'web02', 'web03', 'web04', 'web05', 'web06'];
const each = 3;

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 4, webservers: webservers.length });
  const text = readFileSync(lab.inventory, 'utf8');
  const probes = '    probes: [{ tcp: "198.51.100.7:443" }] # the shop\n  children:\n';
  writeFileSync(lab.inventory, text.replace('  children:\n', probes));
  await serveTraffic(lab);
  expect(await run('apply', lab.inventory)).toMatch(/^0\n/);
});

describe('gateway drain', () => {
  it('sends new connections elsewhere at once, lets the old ones end in peace, then it stands by', async () => {
    const [held, carried] = [await holdAll(), await carriedBy('gw4')];
    expect(carried.length).toBeGreaterThan(0);
    const drain = begin('drain', 'gw4');
    await drain.until(new RegExp(`\\[${carried[0]}\\] draining: ${each} connections on gw4`));
    expect(stateOf('gw4')).toBe('draining');
    const fresh = await freshTraffic(lab, carried[0] ?? '', 20);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { failed, log } = await fresh.end();
    expect(failed).toBe(0);
    expect(log.filter(([, seen]) => seen.startsWith('203.0.113.4'))).toEqual([]);
    await endWhole(held);
    const { code, stderr } = await drain.ended;
    expect(`${code}\n${stderr}`).toMatch(/^0\n[\s\S]*gw4 carries no connection any more/);
    expect(stateOf('gw4')).toBe('standby');
    expect(await carriedBy('gw4')).toEqual([]);
    expect(await traces()).toBe('');
  });

  it('leaves what is left at the deadline, draining; another joins meanwhile; killed, it is carried on', async () => {
    const [held, [first = '']] = [await holdAll(), await carriedBy('gw3')];
    const left = await run('gateway', 'drain', lab.inventory, 'gw3', '--deadline', '2s');
    expect(left).toMatch(/^2\n[\s\S]*gw3 carries \d+ connections of \d webservers?; gw3 stays draining/);
    expect(stateOf('gw3')).toBe('draining');
    const added = await run('gateway', 'add', lab.inventory, 'gw4', '--deadline', '2s');
    expect(added).toMatch(/^0\n[\s\S]*through gw4: all probes answer, seen outside as 203\.0\.113\.4\d/);
    const again = begin('drain', 'gw3');
    await again.until(
      new RegExp(`\\[${first}\\] draining: \\d+ connections on [^,]*.*, at most (?!0 s)\\d+ s`),
    );
    again.child.kill('SIGKILL');
    await again.ended;
    const last = begin('drain', 'gw3');
    await last.until(new RegExp(`\\[${first}\\] draining: \\d+ connections`));
    await endWhole(held);
    expect(await last.ended).toMatchObject({ code: 0 });
    expect(stateOf('gw3')).toBe('standby');
    expect(await traces()).toBe('');
  });
});

describe('gateway remove', () => {
  it('leaves, then cuts when that is said; it is clean then, and out of the file', async () => {
    const [held, carried] = [await holdAll(), await carriedBy('gw4')];
    const text = readFileSync(lab.inventory, 'utf8');
    const left = await run('gateway', 'remove', lab.inventory, 'gw4', '--deadline', '1s');
    expect(left).toMatch(/^2\n[\s\S]*gw4 stays draining/);
    expect(readFileSync(lab.inventory, 'utf8')).toBe(text.replace(/(gw4: .*) active/, '$1 draining'));
    const flags = ['--deadline', '1s', '--then', 'cut'];
    const cut = await run('gateway', 'remove', lab.inventory, 'gw4', ...flags);
    expect(cut).toMatch(
      new RegExp(`^0\n[\\s\\S]*\\[${carried[0]}\\] [^\n]*${each} connections through gw4 cut`),
    );
    expect(readFileSync(lab.inventory, 'utf8')).toBe(text.replace(/ *gw4: .*\n/, ''));
    for (const [web, one] of held)
      expect(await one.end(), web).toMatchObject({ broken: carried.includes(web) ? each : 0 });
    expect(await lab.run('gw4', gatewayTraces)).toBe('0\n203.0.113.40\n');
    // Who had moved between gateways that stay was not cut, and is carried on.
    expect(await run('apply', lab.inventory)).toMatch(/^0\n/);
    expect(await traces()).toBe('');
  });

  it('moves at once with --gone, and asks the machine nothing', async () => {
    expect(await run('gateway', 'add', lab.inventory, 'gw3')).toMatch(/^0\n/);
    const [first = ''] = await carriedBy('gw3');
    expect(first).not.toBe('');
    await lab.stop('gw3');
    const { code, stdout, stderr } = await gwfleet(lab, [
      'gateway',
      'remove',
      lab.inventory,
      'gw3',
      '--gone',
      '--yes',
    ]);
    expect(`${code}\n${stderr}`).toMatch(/^0\n[\s\S]*gw3 is out of/);
    expect(stdout).not.toMatch(/unreachable/);
    expect(stateOf('gw3')).toBe('');
    expect(await traces()).toBe('');
  });

  it('takes nothing away while a webserver may still leave through it', async () => {
    const [away = '', ...others] = await carriedBy('gw2');
    await lab.run(
      away,
      `nft add table inet shut; nft "add chain inet shut in { type filter hook input priority 0; }"; nft add rule inet shut in tcp dport 22 reject with tcp reset`,
    );
    const refused = await run('gateway', 'remove', lab.inventory, 'gw2');
    expect(refused).toMatch(
      new RegExp(`^4\n[\\s\\S]*${away} did not move and may still leave through gw2; gw2 stays draining`),
    );
    expect(await carriedBy('gw2')).toEqual([away]);
    expect(await lab.run(away, 'curl -s -o /dev/null -w "%{http_code}" http://198.51.100.7/ || :')).not.toBe(
      '000',
    );
    await lab.run(away, 'nft delete table inet shut');
    expect(others.length).toBeGreaterThan(0);
    expect(await run('gateway', 'remove', lab.inventory, 'gw2')).toMatch(/^0\n[\s\S]*gw2 is out of/);
    expect(await traces()).toBe('');
  });

  it('takes the last one only when that is said', async () => {
    const text = readFileSync(lab.inventory, 'utf8');
    for (const verb of ['drain', 'remove']) {
      const refused = await run('gateway', verb, lab.inventory, 'gw1');
      expect(refused).toMatch(/^5\n[\s\S]*gw1 is the last active gateway, and 6 webservers leave through it/);
    }
    expect(readFileSync(lab.inventory, 'utf8')).toBe(text);
    const said = await run('gateway', 'remove', lab.inventory, 'gw1', '--last-gateway');
    expect(said).toMatch(/^0\n[\s\S]*gw1 is out of/);
    expect(await lab.run('gw1', gatewayTraces)).toBe('0\n203.0.113.10\n');
  });
});

/** Its exit code, then all that it said. */
async function run(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await gwfleet(lab, [...args, '--yes']);
  return `${code}\n${stderr}${stdout}`;
}

function begin(verb: string, gateway: string): ReturnType<typeof start> {
  return start(lab, ['gateway', verb, lab.inventory, gateway, '--yes', '--deadline', '5m']);
}

type Holding = readonly (readonly [string, Running<Held>])[];

async function holdAll(): Promise<Holding> {
  return Promise.all(
    webservers.map(async (web) => [web, await holdTraffic(lab, web, { count: each })] as const),
  );
}

async function endWhole(held: Holding): Promise<void> {
  for (const [web, one] of held) expect(await one.end(), web).toMatchObject({ held: each, broken: 0 });
}

/** As the inventory says; empty when it is not there. */
function stateOf(gateway: string): string {
  const line = new RegExp(`${gateway}: .*`).exec(readFileSync(lab.inventory, 'utf8'))?.[0];
  return line === undefined ? '' : (/gateway_state: (\w+)/.exec(line)?.[1] ?? 'active');
}

/** Webservers whose default route leads to it. */
async function carriedBy(gateway: string): Promise<readonly string[]> {
  const routes = await Promise.all(
    webservers.map(async (web) => [web, await lab.run(web, 'ip -4 route show default')] as const),
  );
  const via = `via 10.0.0.${gateway.slice(2)} `;
  return routes.flatMap(([web, route]) => (route.includes(via) ? [web] : []));
}

/** Of a gateway: does it forward, which addresses has it outside, and what is left of our rules. */
const gatewayTraces =
  "cat /proc/sys/net/ipv4/ip_forward; ip -4 -o addr show dev eth1 | sed 's/.* inet \\([0-9.]*\\).*/\\1/'; iptables-save | grep GWFLEET; nft list ruleset | grep gwfleet; ls /etc/gwfleet 2>/dev/null; :";

/** Of drains on all webservers. */
async function traces(): Promise<string> {
  const look = `ip rule | grep -e '^7[0-9][0-9][0-9]:'; ip route show table all | grep -e ' table 7'; iptables-save; iptables-legacy-save 2>/dev/null; nft list ruleset; conntrack -L 2>/dev/null | grep -v ' mark=0 '; cat /run/gwfleet/drain 2>/dev/null; :`;
  return (await Promise.all(webservers.map((web) => lab.run(web, look)))).join('');
}
