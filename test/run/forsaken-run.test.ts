/** A run whose gwfleet died in the middle of a change: hosts that run our scripts with a real sh are asked afterwards. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import { type Answer, askHosts, type InFlight, inFlight } from '../../src/run/forsaken-run.ts';
import type { PastRun } from '../../src/run/past-run.ts';
import { Fleet, play } from './pretend-host.ts';

let fleet: Fleet;
beforeEach(() => {
  fleet = new Fleet();
});
afterEach(() => fleet.remove());

/** Killed when host a has done its steps and is to be confirmed; gives what is in flight then. */
async function killed(confirmTimeoutSeconds: number): Promise<readonly InFlight[]> {
  fleet.put('a', 'f', 'old');
  fleet.beforeScript = (_, { text }) => {
    if (text.includes('read -r verdict')) throw new Error('killed');
  };
  const request = {
    ...{ inventory: 'i', playbook: 'p' },
    plays: [
      play(
        'p1',
        { a: [['word', 'f', 'new']], b: [['word', 'f', 'new']] },
        { size: 1, confirmTimeoutSeconds },
      ),
    ],
  };
  const planned = await fleet.plan(request);
  await expect(fleet.apply(request, planned)).rejects.toThrow('killed');
  fleet.beforeScript = () => undefined;
  expect(fleet.get('a', 'f')).toBe('new');
  const record = { run: fleet.context.run, hosts: ['a', 'b'] } as unknown as PastRun['record'];
  const past = { record, events: fleet.events, state: fleet.events.reduce(reduce, emptyRunState) };
  return inFlight(past, planned.plan);
}

async function asked(flights: readonly InFlight[], how: 'look' | 'settle'): Promise<Answer> {
  const [answer, ...more] = await askHosts(flights, how, fleet.context);
  expect(more).toEqual([]);
  if (answer === undefined) throw new Error('nobody was in flight');
  return answer;
}

const forget = (): void => rmSync(join(fleet.folder, 'a', 'guard'), { recursive: true });

describe('a run that died', () => {
  it('had the hosts in flight that were begun and not finished', async () => {
    const flights = await killed(60);
    expect(flights).toMatchObject([
      { host: 'a', play: 'p1', guardId: `${fleet.context.run}.1`, back: false },
    ]);
    expect(inFlight({ events: [], record: { run: 'x' } } as unknown as PastRun, undefined)).toEqual([]);
  });

  it('is told how long a pending guard still has, and a look changes nothing', async () => {
    const answer = await asked(await killed(60), 'look');
    expect(answer.ending).toBeUndefined();
    expect(answer.why).toMatch(/^still armed there; the host rolls back by itself in \d\d s$/);
    expect(fleet.get('a', 'f')).toBe('new');
  });

  it('is settled by waiting for the host, which goes back by itself', async () => {
    const answer = await asked(await killed(2), 'settle');
    expect(answer.ending).toMatchObject({ result: 'rolled-back' });
    expect(answer.why).toBe('gwfleet died during the change; rolled back, verified');
    expect(fleet.get('a', 'f')).toBe('old');
    expect(fleet.get('a', 'guard/lock')).toBeUndefined();
  });

  it('stays open where the host cannot be asked', async () => {
    const flights = await killed(60);
    fleet.away.add('a');
    expect(await asked(flights, 'settle')).toMatchObject({ why: 'cannot be asked: no route to host' });
    expect((await asked(flights, 'settle')).ending).toBeUndefined();
  });

  it('is judged by what the host looks like, where it has forgotten the run', async () => {
    const flights = await killed(60);
    forget();
    expect((await asked(flights, 'settle')).ending).toMatchObject({ result: 'changed' });
    fleet.put('a', 'f', 'old');
    expect((await asked(flights, 'settle')).ending).toMatchObject({
      result: 'rolled-back',
      message: 'gwfleet died during the change; the host looks as before, verified',
    });
    fleet.put('a', 'f', 'something else');
    expect((await asked(flights, 'settle')).ending).toMatchObject({ result: 'unknown' });
  });
});
