/** The reducer: what a run looks like after its events. */
import { describe, expect, it } from 'vitest';
import type { BareEvent } from '../../src/report/event.ts';
import { countResults, emptyRunState, reduce } from '../../src/report/run-state.ts';
import { stamped } from './stamp.ts';

const stateAfter = (...events: readonly BareEvent[]) => events.map(stamped).reduce(reduce, emptyRunState);
const started: BareEvent = {
  type: 'run-started',
  command: 'apply',
  inventory: 'i',
  playbook: 'p',
  hosts: ['a', 'b'],
};
const finished = (host: string, result: 'ok' | 'changed' | 'failed'): BareEvent => ({
  type: 'host-finished',
  play: 'p',
  host,
  result,
});

describe('the state of a run', () => {
  it('keeps the worst result of a host that goes through several plays', () => {
    const state = stateAfter(
      started,
      finished('a', 'failed'),
      finished('a', 'ok'),
      finished('b', 'ok'),
      finished('b', 'changed'),
    );
    expect(countResults(state)).toMatchObject({ failed: 1, changed: 1, ok: 0 });
    expect(state.hosts.get('a')?.failure?.result).toBe('failed');
  });

  it('knows its run, also after the plan was told', () => {
    const counts = { create: 1, update: 2, delete: 3, commands: 4, hosts: 5, hostsChanging: 5 };
    const state = stateAfter(started, { type: 'plan-made', ...counts });
    expect(state.run).toBe('20261122-214007-7f3a');
    expect(state.plan).toMatchObject({ ...counts, run: state.run });
  });

  it('follows a host through its guard', () => {
    const armed = stateAfter(
      started,
      { type: 'host-started', play: 'p', host: 'a' },
      { type: 'guard-armed', host: 'a', seconds: 60 },
    );
    expect(armed.hosts.get('a')).toMatchObject({ phase: 'guarded', guardSeconds: 60, touched: true });
    const settled = reduce(armed, stamped({ type: 'guard-settled', host: 'a', state: 'confirmed' }));
    expect(settled.hosts.get('a')).toMatchObject({ phase: 'running', guardSeconds: undefined });
  });

  it('keeps the drains of thousands of hosts without copying all of them for each event', () => {
    const drain = (host: string) =>
      ({
        type: 'drain-progress',
        host,
        gateway: 'gw2',
        connections: 1,
        counted: 'host',
        deadline: 9,
      }) as const;
    const first = stateAfter(started, drain('a'));
    const kept = first.drains;
    expect(kept).not.toBe(emptyRunState.drains);
    const second = reduce(first, { ...drain('b'), v: 1, at: '2026-11-22T21:40:09.000Z', run: 'r' });
    expect(second.drains).toBe(kept);
    expect([...second.drains.keys()]).toEqual(['a', 'b']);
    expect(emptyRunState.drains.size).toBe(0);
  });

  it('says what a host drains, and lets it rest when that has ended behind a guard of its own', () => {
    const draining = stateAfter(started, finished('a', 'changed'), {
      type: 'drain-progress',
      host: 'a',
      gateway: 'gw2',
      connections: 37,
      counted: 'gateway',
      deadline: 90,
    });
    expect(draining.hosts.get('a')).toMatchObject({ phase: 'finished', draining: '37 connections on gw2' });
    const ended = stateAfter(
      started,
      finished('a', 'changed'),
      { type: 'guard-armed', host: 'a', seconds: 60 },
      { type: 'task-finished', host: 'a', task: 'Route', code: 0 },
      { type: 'guard-settled', host: 'a', state: 'confirmed' },
      { type: 'drain-finished', host: 'a', gateway: 'gw2', how: 'empty', connections: 0 },
    );
    expect(ended.hosts.get('a')).toMatchObject({ phase: 'finished', result: 'changed', draining: undefined });
  });

  it('starts empty every time, also when a log begins in the middle', () => {
    stateAfter(finished('stray', 'ok'));
    expect(emptyRunState.hosts.size).toBe(0);
  });
});
