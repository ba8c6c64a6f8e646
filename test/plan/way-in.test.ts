/** The ways in beside a plan: what rides on a change is said, what would certainly be cut is refused. */
import { describe, expect, it } from 'vitest';
import type { HostPlan } from '../../src/plan/plan.ts';
import { heedWays, waysAmong, waysOf } from '../../src/plan/way-in.ts';
import type { Facts } from '../../src/tasks/facts.ts';
import type { Touch } from '../../src/tasks/way-in.ts';
import { facts } from '../tasks/samples.ts';
import { word } from './hosts.ts';

const guarded = { guardSeconds: 60, cut: 'refused' } as const;

/** One host with one change, which does this to every way in. */
function heeded(
  touches: readonly Touch[],
  rules: Parameters<typeof heedWays>[2]['rules'],
  changes = 1,
): HostPlan {
  const types = new Map([['word', { ...word, wayIn: () => touches }]]);
  const change = { action: 'update', kind: 'word', name: 'it', from: 'a', to: 'b' } as const;
  const task = {
    id: 't1',
    type: 'word',
    name: 'The word',
    place: { file: 'site.yaml', line: 3, col: 5 },
    object: 'word /f',
    args: {},
    from: 'a',
    to: 'b',
    changes: changes === 0 ? [] : [change],
    notes: [],
    seen: '1 1',
  };
  const plan: HostPlan = { kind: 'planned', host: 'web02', facts, tasks: [task] };
  return heedWays(plan, waysOf('web02', new Map([['web02', facts]])), { types, rules });
}

const notesOf = (plan: HostPlan) =>
  plan.kind === 'planned' ? plan.tasks.flatMap(({ notes }) => notes) : plan;

describe('a change that the way in rides on', () => {
  const rides = { kind: 'rides', text: 'the way in rides on this route' } as const;

  it('says so, and what the host does without us', () => {
    expect(notesOf(heeded([rides], guarded))).toEqual([
      { level: 'danger', text: 'the way in rides on this route; rolls back by itself after 60 s without us' },
    ]);
  });

  it('says that nothing rolls it back without a guard', () => {
    expect(notesOf(heeded([rides], { ...guarded, guardSeconds: null }))).toEqual([
      { level: 'danger', text: 'the way in rides on this route; nothing rolls it back (--no-guard)' },
    ]);
  });

  it('says nothing where nothing changes, and nothing where the way in is not known', () => {
    expect(notesOf(heeded([rides], guarded, 0))).toEqual([]);
    expect(waysOf('web02', new Map([['web02', { ...facts, managementPath: null }]]))).toEqual([]);
  });
});

describe('a change that certainly cuts the way in', () => {
  const cuts = { kind: 'cuts', text: 'we came in by 10.0.0.1 on eth0, and it is deleted' } as const;

  it('is refused, with its place and what to do', () => {
    expect(heeded([cuts], guarded)).toEqual({
      kind: 'unplannable',
      host: 'web02',
      result: 'failed',
      why: 'this would cut the way in: we came in by 10.0.0.1 on eth0, and it is deleted',
      hint: 'come in by another address or leave this as it is; --allow-cut does it all the same',
      task: { name: 'The word', place: { file: 'site.yaml', line: 3, col: 5 } },
    });
  });

  it('is said and done where that was allowed', () => {
    expect(notesOf(heeded([cuts], { ...guarded, cut: 'allowed' }))).toEqual([
      {
        level: 'danger',
        text: 'this cuts the way in: we came in by 10.0.0.1 on eth0, and it is deleted; rolls back by itself after 60 s without us',
      },
    ]);
  });
});

describe('the ways through a host', () => {
  const web: Facts = {
    ...facts,
    interfaces: [],
    managementPath: {
      clientAddress: '198.51.100.9',
      serverAddress: '10.0.1.1',
      serverPort: 22,
      interface: 'eth0',
      via: '10.0.0.1',
      route: 'default',
    },
  };

  it('are its own and those of hosts that answer us by one of its addresses', () => {
    expect(
      waysOf(
        'gw1',
        new Map([
          ['gw1', facts],
          ['web01', web],
        ]),
      ),
    ).toEqual([
      { kind: 'own', ...facts.managementPath, arrives: 'eth0' },
      {
        kind: 'forwarded',
        host: 'web01',
        clientAddress: '198.51.100.9',
        serverAddress: '10.0.1.1',
        clientSide: '',
        hostSide: 'eth0',
      },
    ]);
    expect(
      waysOf(
        'web01',
        new Map([
          ['gw1', facts],
          ['web01', web],
        ]),
      ),
    ).toHaveLength(1);
  });
});

it('asks no host twice which way leads to it, however many hosts there are', () => {
  let asked = 0;
  const host = (number: number): Facts => ({
    ...facts,
    get managementPath() {
      asked += 1;
      return facts.managementPath === null
        ? null
        : { ...facts.managementPath, via: `10.9.0.${number % 250}` };
    },
  });
  const all = new Map(Array.from({ length: 1000 }, (_, number) => [`web${number}`, host(number)]));
  const ways = waysAmong(all);
  for (const name of all.keys()) ways(name);
  expect(asked).toBeLessThanOrEqual(4 * all.size);
});
