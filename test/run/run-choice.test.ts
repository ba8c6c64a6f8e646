/** What is left of a run, read from its journal: the changes that stand, and the hosts that are not through. */
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { BareEvent, HostResult } from '../../src/report/event.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import type { PastRun } from '../../src/run/past-run.ts';
import { hostsLeft, playIndex, standingChanges } from '../../src/run/run-choice.ts';
import { stamped } from '../report/stamp.ts';
import { countedWork } from './counted-work.ts';
import { rules } from './pretend-host.ts';

const run = '20261122-214007-7f3a';

function began(host: string, play: number, back?: true): BareEvent {
  const guard = `${run}.${back === true ? 'u' : ''}${play}`;
  return { type: 'host-started', play: `p${play}`, host, guard, ...(back === undefined ? {} : { back }) };
}
function ended(host: string, result: HostResult, back?: true): BareEvent {
  return { type: 'host-finished', play: 'p', host, result, ...(back === undefined ? {} : { back }) };
}
const finished = (exit: number): BareEvent => ({ type: 'run-finished', exit, seconds: 1 });

function past(hosts: readonly string[], ...bare: readonly BareEvent[]): PastRun {
  const events = bare.map((event) => stamped(event));
  const record = { run, hosts } as unknown as PastRun['record'];
  return { record, events, state: events.reduce(reduce, emptyRunState) };
}

function planOf(...plays: readonly (readonly string[])[]): Plan {
  const made = plays.map((hosts, i) => ({
    ...{ name: `p${i + 1}`, pattern: 'all', rules, hosts: [] },
    batches: hosts.map((host) => [host]),
  }));
  return { v: 1, inventory: 'i', playbook: 'p', plays: made };
}

describe('changes that stand', () => {
  it('are those that were confirmed, by play', () => {
    const standing = standingChanges(
      past(
        ['a', 'b'],
        ...[began('a', 1), ended('a', 'changed'), began('b', 1), ended('b', 'rolled-back')],
        ...[began('a', 2), ended('a', 'ok')],
      ),
    );
    expect([...(standing.get(0) ?? [])]).toEqual(['a']);
    expect([...(standing.get(1) ?? [])]).toEqual([]);
  });

  it('are not those that the run itself took back; one that could not go back stands', () => {
    const standing = standingChanges(
      past(
        ['a', 'b'],
        ...[began('a', 1), ended('a', 'changed'), began('b', 1), ended('b', 'changed')],
        ...[
          began('b', 1, true),
          ended('b', 'rolled-back', true),
          began('a', 1, true),
          ended('a', 'failed', true),
        ],
      ),
    );
    expect([...(standing.get(0) ?? [])]).toEqual(['a']);
  });

  it.each([
    [`${run}.3`, 2],
    [`${run}.u3`, 2],
    [`${run}.`, undefined],
    ['20261122-000000-0000.3', undefined],
    [undefined, undefined],
  ])('the guard %s is of play %s', (guard, index) => expect(playIndex(guard, run)).toBe(index));
});

describe('hosts that are left', () => {
  it('are those that failed, were not reached, or came through some of their plays only', () => {
    const events = [
      ...[
        ended('well', 'changed'),
        ended('well', 'ok'),
        ended('half', 'changed'),
        ended('bad', 'rolled-back'),
      ],
      ...[ended('away', 'unreachable'), finished(2)],
    ];
    const hosts = ['well', 'half', 'bad', 'away', 'never'];
    const plan = planOf(hosts, ['well', 'half']);
    expect(hostsLeft(past(hosts, ...events), plan)).toEqual(['half', 'bad', 'away', 'never']);
  });

  it('are those that were taken back, too', () => {
    const events = [ended('a', 'changed'), ended('a', 'rolled-back', true), finished(3)];
    expect(hostsLeft(past(['a'], ...events), planOf(['a']))).toEqual(['a']);
  });

  it('are none of a run that ended well, and all of one that was cut off after its hosts', () => {
    expect(hostsLeft(past(['a'], ended('a', 'changed'), finished(0)), planOf(['a']))).toEqual([]);
    expect(hostsLeft(past(['a'], ended('a', 'changed'), finished(99)), planOf(['a']))).toEqual(['a']);
    expect(hostsLeft(past(['a'], ended('a', 'changed')), planOf(['a']))).toEqual(['a']);
  });

  it('are all of a run that died before it had a plan', () => {
    expect(hostsLeft(past(['a', 'b']), undefined)).toEqual(['a', 'b']);
  });
});

it('looks for what is left of twice as many hosts with twice the work', async () => {
  const work = (count: number): Promise<number> => {
    const hosts = Array.from({ length: count }, (_, at) => `h${at}`);
    const run = past(hosts, ...hosts.map((host) => ended(host, 'ok')));
    const plan = planOf(hosts);
    return countedWork(() => Promise.resolve(void hostsLeft(run, plan)));
  };
  expect((await work(200)) / (await work(100))).toBeLessThan(2.2);
});
