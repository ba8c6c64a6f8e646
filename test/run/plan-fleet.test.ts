/** Which connections stay open between the first look at hosts and their change. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FleetRequest } from '../../src/run/plan-fleet.ts';
import { keeper } from '../../src/run/plan-fleet.ts';
import type { Survey } from '../../src/run/survey.ts';
import { Fleet, play } from './pretend-host.ts';

let fleet: Fleet;
beforeEach(() => {
  fleet = new Fleet();
});
afterEach(() => fleet.remove());

const request = (...plays: FleetRequest['plays']): FleetRequest => ({ inventory: 'i', playbook: 'p', plays });

test('a host with nothing to do is let go while others are still looked at', async () => {
  fleet.put('calm', 'a', 'x');
  const open: (number | undefined)[] = [];
  fleet.hear = (host, _script, outcome) => {
    if (host === 'busy') open.push(fleet.open.get('calm'));
    return outcome;
  };
  fleet.context.limit.concurrency = 1;
  await fleet.plan(request(play('p', { calm: [['word', 'a', 'x']], busy: [['word', 'a', 'x']] })));
  expect(open).toEqual([0]);
});

test('a host that changes keeps its connection for the change, also where only a later play changes it', async () => {
  fleet.put('gw', 'a', 'x');
  const first = play('p', { gw: [['word', 'a', 'x']] });
  await fleet.plan(request(first, play('q', { gw: [['word', 'b', 'y']] })));
  expect(fleet.open.get('gw')).toBe(1);
});

test('a dry run keeps no connection', async () => {
  await fleet.plan(request(play('p', { gw: [['word', 'a', 'x']] })), 'dry');
  expect(fleet.open.get('gw')).toBe(0);
});

test('of thousands of hosts to change only so many stay connected', () => {
  let open = 0;
  const seen = (): Survey => {
    open += 1;
    const close = () => {
      open -= 1;
      return Promise.resolve();
    };
    return { kind: 'seen', sight: {}, remote: { close } } as unknown as Survey;
  };
  const keep = keeper(3);
  const kept = Array.from({ length: 1000 }, seen).map(keep);
  expect(open).toBe(3);
  expect(kept.filter((survey) => survey.kind === 'seen' && survey.remote !== undefined)).toHaveLength(3);
});

test('a host whose connection was let go is changed over a new one', async () => {
  const plays = request(play('p', { gw: [['word', 'a', 'x']] }));
  const { plan, surveys } = await fleet.plan(plays, 'dry');
  const { exit } = await fleet.apply(plays, { plan, surveys });
  expect([exit, fleet.get('gw', 'a'), fleet.open.get('gw')]).toEqual([0, 'x', 0]);
});
