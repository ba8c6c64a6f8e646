/**
 * A failover that does not get through in one go: gwfleet is killed in the middle of it, a webserver is away. The same
 * command, typed again, finishes it.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { appliedFleet } from './applied-fleet.ts';
import type { Fleet } from './fleet.ts';
import { gwfleet, runIds, start } from './process.ts';

const webservers = Array.from({ length: 8 }, (_, at) => `web0${at + 1}`);

let lab: Fleet;
beforeAll(async () => {
  lab = await appliedFleet({ gateways: 2, webservers: webservers.length });
});

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
  it('is finished by the same command after a kill -9, and for a webserver that was away', async () => {
    const routes = await Promise.all(webservers.map(async (web) => lab.run(web, 'ip -4 route show default')));
    const away = webservers.find((_, at) => routes[at]?.includes('via 10.0.0.2 ')) ?? '';
    await lab.link('gw2', 'eth1', 'down');
    await lab.link(away, 'eth0', 'down');
    // Hosts in flight of a dead command go back by themselves before the next one moves them.
    const again = ['failover', lab.inventory, 'gw2', '--yes', '--confirm-timeout', '20s'];
    const running = start(lab, again);
    await running.until(/\] confirmed/);
    running.child.kill('SIGKILL');
    await running.ended;
    const half = await gwfleet(lab, again);
    expect(`${half.code} ${half.stderr}`).toMatch(/^4 /);
    expect(half.stdout).toMatch(/1 unreachable/);
    expect(await vias()).toEqual({ '10.0.0.1': 7, '10.0.0.2': 1 });
    await lab.link(away, 'eth0', 'up');
    const mended = await gwfleet(lab, again);
    expect(`${mended.code} ${mended.stderr}`).toMatch(/^0 /);
    expect(await vias()).toEqual({ '10.0.0.1': 8 });
    expect(runIds(lab)).toHaveLength(3);
  });
});
