/** The way back: changes turned round, refused where somebody wanted it otherwise since, files at boot as they were. */
import { describe, expect, it } from 'vitest';
import { bootParts } from '../../src/plan/boot.ts';
import { planHost } from '../../src/plan/decide.ts';
import { hidden } from '../../src/plan/hidden.ts';
import type { HostPlan, PlannedHost, TaskPlan } from '../../src/plan/plan.ts';
import type { HostTask } from '../../src/plan/probe.ts';
import { cannotGoBack, sealedChanges, tasksBack, wantedBack } from '../../src/plan/way-back.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import type { Json } from '../../src/tasks/task-type.ts';
import { facts } from '../tasks/samples.ts';
import { word } from './hosts.ts';

const run = '20261122-214007-7f3a';
/** Keeps its state for a restart; a word in capitals is what the host makes of the same word. */
const kept: AnyTaskType = {
  ...word,
  name: 'kept',
  changes: (from, to) => word.changes(lower(from), lower(to)),
  boot: (to) => (to === null ? [] : [{ path: '/etc/kept', mode: 0o644, content: JSON.stringify(to) }]),
};
const stubborn: AnyTaskType = { ...word, name: 'stubborn', undo: { impossible: 'it is said' } };
const asking: AnyTaskType = {
  ...word,
  name: 'asking',
  argsBack: (args, to) => ({ ...(args as object), ask: to }),
  refusesBack: (_, to) => (to === 'dead' ? `${to as string} does not answer` : undefined),
};
const types = new Map([word, kept, stubborn, asking].map((type) => [type.name, type]));

function lower(state: Json): Json {
  return typeof state === 'string' ? state.toLowerCase() : state;
}

function changed(
  id: string,
  type: string,
  [from, to]: readonly [Json, Json],
  more: Partial<TaskPlan> = {},
): TaskPlan {
  return {
    ...{ id, type, name: `Task ${id}`, place: { file: 'site.yaml', line: 1, col: 1 } },
    ...{ object: `${type} /f`, args: { file: '/f' }, from, to, notes: [], seen: '1 1' },
    changes: types.get(type)!.changes(from, to),
    ...more,
  };
}
const host = (...tasks: readonly TaskPlan[]): PlannedHost => ({ kind: 'planned', host: 'gw1', facts, tasks });
const back = (...tasks: readonly TaskPlan[]): readonly HostTask[] =>
  tasksBack(host(...tasks), { run, types });

/** The way back, planned on a host that says this word. */
function planned(task: TaskPlan, said: string): HostPlan {
  const tasks = back(task);
  const output = { code: 0, stdout: `${said}\n`, stderr: '' };
  const outputs = new Map(tasks.map(({ id }) => [id, output]));
  return planHost('gw1', tasks, { sight: { facts, outputs }, left: new Map(), types });
}

describe('the tasks of a way back', () => {
  it('are those that changed something, the last one first, with the ends swapped', () => {
    const tasks = back(
      changed('t1', 'word', ['a', 'b']),
      changed('t2', 'word', ['c', 'c']),
      changed('t3', 'word', [null, 'd']),
    );
    expect(tasks.map(({ id, back: way }) => [id, way?.from, way?.to])).toEqual([
      ['t3', 'd', null],
      ['t1', 'b', 'a'],
    ]);
  });

  it('leave out what was sealed, and say so', () => {
    const sealed = changed('t1', 'word', ['a', 'b'], { secret: 'no_log', args: hidden });
    expect(back(sealed)).toEqual([]);
    expect(sealedChanges(host(sealed))).toEqual(['Task t1']);
  });

  it('ask as the type wants it before it goes back', () => {
    expect(back(changed('t1', 'asking', ['old hop', 'new hop']))[0]?.args).toEqual({
      file: '/f',
      ask: 'old hop',
    });
  });
});

describe('a way back', () => {
  it('goes to what was there before', () => {
    expect(planned(changed('t1', 'word', ['a', 'b']), 'b')).toMatchObject({
      tasks: [{ from: 'b', to: 'a' }],
    });
  });

  it('has nothing to do where it is there already', () => {
    expect(planned(changed('t1', 'word', ['a', 'b']), 'a')).toMatchObject({ tasks: [{ changes: [] }] });
  });

  it('is refused as stale where somebody wanted it otherwise since', () => {
    expect(planned(changed('t1', 'word', ['a', 'b']), 'c')).toMatchObject({
      kind: 'unplannable',
      stale: true,
      why: `word it is c, not b as run ${run} left it`,
    });
  });

  it('is refused, and not as stale, where the type will not go back', () => {
    const plan = planned(changed('t1', 'asking', ['dead', 'b']), 'b');
    expect(plan).toMatchObject({ kind: 'unplannable', why: 'dead does not answer' });
    expect(plan).not.toHaveProperty('stale');
  });

  it('leaves what cannot be undone as it is, with a warning', () => {
    const task = changed('t1', 'stubborn', ['a', 'b']);
    expect(planned(task, 'b')).toMatchObject({
      tasks: [
        {
          changes: [],
          notes: [{ level: 'warning', text: 'cannot be undone and stays as it is: it is said' }],
        },
      ],
    });
    expect(cannotGoBack(host(task), types)).toEqual(['Task t1: it is said']);
    const way = { run, from: 'b', to: 'a', booted: { from: 'b', to: 'a' } };
    expect(wantedBack(way, { kind: 'absent' }, stubborn)).toMatchObject({ kind: 'state', state: null });
  });
});

describe('the files at boot of a way back', () => {
  const task = (plan: HostPlan): TaskPlan => {
    if (plan.kind === 'unplannable' || plan.tasks[0] === undefined) throw new Error('not planned');
    return plan.tasks[0];
  };
  const contents = (one: TaskPlan) =>
    bootParts(one, kept, facts).map((part) => ('path' in part ? part.content : ''));

  it('of a way back are those of what was wanted, not of what was seen', () => {
    // The run wrote `new`; the host shows it as `NEW`, and so does the plan of its way back.
    const there = changed('t1', 'kept', ['old', 'new']);
    const away = task(planned(there, 'NEW'));
    expect([away.from, away.to]).toEqual(['NEW', 'old']);
    const again = task(planned(away, 'old'));
    expect([again.to, contents(again)]).toEqual(['NEW', contents(there)]);
  });

  it('go where nothing was kept before', () => {
    const nothing = { ...facts, boot: { ...facts.boot!, files: [] } };
    const [first] = tasksBack(
      { ...host(changed('t1', 'kept', ['old', 'new'])), facts: nothing },
      { run, types },
    );
    expect(first?.forgotten).toBe(true);
  });
});
