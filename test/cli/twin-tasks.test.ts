/** Twins in the tasks of many hosts: who left by the other one moves at once, and nobody searches the gateways for it. */
import { expect, it } from 'vitest';
import { withTwins } from '../../src/cli/twin-tasks.ts';
import type { Fleet, Gateway } from '../../src/fleet/model.ts';
import type { HostTask } from '../../src/plan/probe.ts';

class CountedMap<Key, Value> extends Map<Key, Value> {
  walked = 0;
  override values() {
    this.walked += 1;
    return super.values();
  }
}

function gateway(
  name: string,
  internalAddress: string,
  twin: string,
  addresses: Gateway['addresses'],
): Gateway {
  return { name, internalAddress, twin, addresses, pool: ['203.0.113.10'] } as unknown as Gateway;
}

function routedBy(hosts: number) {
  const gateways = new CountedMap([
    ['gw1', gateway('gw1', '10.0.0.1', 'gw2', 'here')],
    ['gw2', gateway('gw2', '10.0.0.2', 'gw1', 'at its twin')],
  ]);
  const task = { id: 'p2t1', type: 'default_route', args: { via: '10.0.0.1' } } as unknown as HostTask;
  const tasks = new Map(Array.from({ length: hosts }, (_, at) => [`web${at}`, [task]] as const));
  return { found: withTwins(tasks, { gateways } as unknown as Fleet), gateways };
}

it('names the twin that has been left', () => {
  expect(routedBy(1).found.get('web0')?.[0]?.args).toEqual({ via: '10.0.0.1', twin: '10.0.0.2' });
});

it('walks the gateways as often for a thousand hosts as for one, and lets them share their task', () => {
  const [one, many] = [routedBy(1), routedBy(1000)];
  expect(many.gateways.walked).toBe(one.gateways.walked);
  expect(new Set([...many.found.values()].flat()).size).toBe(1);
});
