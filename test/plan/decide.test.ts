/** wanted x seen -> changes, on one host. */
import { describe, expect, it } from 'vitest';
import { cksum } from '../../src/plan/cksum.ts';
import { planHost, shortfalls } from '../../src/plan/decide.ts';
import { sight, task, types } from './hosts.ts';

const f = '/f';
const plan = (tasks: Parameters<typeof planHost>[1], said: Record<string, string>) =>
  planHost('gw1', tasks, { sight: sight(said), left: new Map(), types });

describe('a plan of a host', () => {
  it('has no change where all is as wanted', () => {
    expect(plan([task('t1', { file: f, word: 'a' })], { t1: 'a' })).toMatchObject({
      kind: 'planned',
      tasks: [{ from: 'a', to: 'a', changes: [], seen: cksum('a\n') }],
    });
  });

  it('lets a later task see what an earlier one will leave', () => {
    const planned = plan([task('t1', { file: f, word: 'a' }), task('t2', { file: f, word: 'longer' })], {
      t1: '',
      t2: '',
    });
    expect(planned).toMatchObject({
      tasks: [
        { from: null, to: 'a' },
        { from: 'a', to: 'a+' },
      ],
    });
  });

  it('does not mix objects', () => {
    const planned = plan([task('t1', { file: f, word: 'a' }), task('t2', { file: '/g', word: 'longer' })], {
      t1: '',
      t2: 'b',
    });
    expect(planned).toMatchObject({ tasks: [{ to: 'a' }, { from: 'b', to: 'b+' }] });
  });

  it.each([
    ['what was seen is unknown', 'a', { t1: 'unreadable' }, 'the file cannot be understood'],
    ['the host cannot have it', 'forbidden', { t1: '' }, 'this word is forbidden'],
    ['the host was silent about the task', 'a', {}, 'the host did not answer the look at this task'],
  ])('cannot be made when %s', (_, wanted, said, why) => {
    expect(plan([task('t1', { file: f, word: wanted })], said)).toEqual({
      kind: 'unplannable',
      host: 'gw1',
      result: 'failed',
      why,
      task: { name: 'task t1', place: { file: 'site.yaml', line: 3, col: 5 } },
    });
  });

  it('never counts a check as a change, and lets it promise nothing to later tasks', () => {
    const planned = plan([task('t1', { file: f, word: 'a' }, 'must_be')], { t1: 'b' });
    expect(planned).toMatchObject({ kind: 'planned', tasks: [{ changes: [] }] });
  });
});

describe('the second look', () => {
  const tasks = [
    task('t1', { file: f, word: 'a' }),
    task('t2', { file: f, word: 'b' }),
    task('t3', { file: f, word: 'b' }, 'must_be'),
  ];
  const planned = plan(tasks, { t1: '', t2: '', t3: '' });
  if (planned.kind !== 'planned') throw new Error(planned.why);
  const missing = (said: Record<string, string>) =>
    shortfalls(planned.tasks, sight(said), types).map(({ task: { id }, why }) => `${id}: ${why}`);

  it('is content when the last task of each object is as promised', () => {
    expect(missing({ t1: 'b', t2: 'b', t3: 'b' })).toEqual([]);
  });

  it('names what is not, changes and checks', () => {
    expect(missing({ t1: 'a', t2: 'a', t3: 'a' })).toEqual([
      't2: word it is a, not b',
      't3: the check failed',
    ]);
  });

  it('takes silence for a failure', () => {
    expect(missing({})).toEqual([
      't2: the host did not answer the second look',
      't3: the host did not answer the second look',
    ]);
  });
});
