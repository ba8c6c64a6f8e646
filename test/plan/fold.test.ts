/** Host lists as people read them. */
import { describe, expect, it, vi } from 'vitest';
import { foldPlay, hostRuns } from '../../src/plan/fold.ts';
import type { PlayPlan } from '../../src/plan/plan.ts';
import type { Note } from '../../src/tasks/task-type.ts';

const all = ['web1', 'web2', 'web3', 'web4', 'web5', 'db'];

describe('runs of hosts', () => {
  it.each([
    [['web1'], 'web1'],
    [['web1', 'web2'], 'web1 web2'],
    [['web1', 'web2', 'web3'], 'web1..web3'],
    [['web1', 'web2', 'web3', 'web5'], 'web1..web3 web5'],
    [['web1', 'web3', 'web5'], 'web1 web3 web5'],
    [['web4', 'web5', 'db'], 'web4..db'],
    [['web3', 'web2', 'web1'], 'web3 web2 web1'],
    [['stranger', 'web1'], 'stranger web1'],
    [[], ''],
  ])('%j are told as %s', (hosts, text) => {
    expect(hostRuns(hosts, all).join(' ')).toBe(text);
  });

  it.each([
    [['web02', 'web05', 'web06'], 'web02 web05 web06'],
    [['web01', 'web02', 'web03', 'web05'], 'web01..web03 web05'],
    [['web-a', 'web-c', 'web-d'], 'web-a..web-d'],
  ])('of a part of the fleet, %j, a gap in the numbers ends a run: %s', (hosts, text) => {
    expect(hostRuns(hosts, hosts).join(' ')).toBe(text);
  });
});

describe('notes', () => {
  const reset: Note = { level: 'warning', text: 'the table is too small' };

  it('name a host once, however many of its tasks say the same', () => {
    const play = { hosts: ['gw1', 'gw2'].map((host) => saying(host, [reset, reset])) };
    expect(foldPlay(play as unknown as PlayPlan).notes).toEqual([{ note: reset, hosts: ['gw1', 'gw2'] }]);
  });

  function saying(host: string, notes: readonly Note[]) {
    return { kind: 'planned', host, tasks: notes.map((note) => ({ changes: [], notes: [note] })) };
  }
});

it('numbers the hosts of a plan once, however many lines speak of them', () => {
  const all = Array.from({ length: 1000 }, (_, at) => `web${at}`);
  const numbered = vi.spyOn(all, 'map');
  for (const host of all) expect(hostRuns([host], all)).toEqual([host]);
  expect(numbered).toHaveBeenCalledTimes(1);
});
