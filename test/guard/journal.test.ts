/** Reading what a host says: forged, cut off, endless. */
import { describe, expect, it } from 'vitest';
import { readJournal } from '../../src/guard/journal.ts';

const mark = 'gwf-9a';
const lines = (...words: readonly string[]) => words.map((word) => `\n${mark} ${word}\n`).join('');

describe('a journal', () => {
  it('holds what the marked lines say, in order', () => {
    const journal = readJournal(
      mark,
      lines(
        'armed',
        'begin t1',
        'end t1 0 ',
        'begin t2',
        'end t2 7 no such\u001fthing',
        'undo t1 0 ',
        'state rolled-back-verified',
        'done',
      ),
    );
    expect(journal).toMatchObject({ armed: true, begun: ['t1', 't2'], applied: false, done: true });
    expect(journal.ended).toEqual([
      { task: 't1', code: 0, said: '' },
      { task: 't2', code: 7, said: 'no such\nthing' },
    ]);
    expect(journal.state).toBe('rolled-back-verified');
  });

  it('believes no line without the mark, and no mark inside a line', () => {
    const journal = readJournal(
      mark,
      `state confirmed\ngwf-other state confirmed\nx ${mark} state confirmed\n`,
    );
    expect(journal).toMatchObject({ state: undefined, done: false, refusal: undefined });
  });

  it('drops an end without an exit code', () => {
    expect(readJournal(mark, lines('end t1', 'end t1 x', 'end t1 -1', 'end')).ended).toEqual([]);
  });

  it('does not know states that do not exist', () => {
    expect(readJournal(mark, lines('state fine')).state).toBeUndefined();
  });

  it('reads megabytes of noise', () => {
    const noise = 'lorem ipsum\n'.repeat(300_000);
    expect(readJournal(mark, `${noise}${lines('done')}${noise}`).done).toBe(true);
  });

  it('names who holds a lock, whatever stands in the lock', () => {
    const held = lines('refused locked run r1;owner me@here;since 1700000000;seconds 60;left 41');
    expect(readJournal(mark, held).refusal).toEqual({
      kind: 'locked',
      by: { run: 'r1', owner: 'me@here', sinceEpochSeconds: 1_700_000_000, secondsLeft: 41 },
    });
    const garbage = lines(`refused locked since ${'9'.repeat(40)};left soon`);
    expect(readJournal(mark, garbage).refusal).toEqual({
      kind: 'locked',
      by: { run: 'unknown', owner: 'unknown', sinceEpochSeconds: 0, secondsLeft: null },
    });
  });
});
