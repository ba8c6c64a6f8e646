/** The scripts of the guard are good POSIX sh, for dash, for busybox ash and for shellcheck. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { applyScript } from '../../src/guard/apply-script.ts';
import { engine } from '../../src/guard/engine.ts';
import { inquiryScript, settleScript } from '../../src/guard/settle-script.ts';
import { planHost } from '../../src/plan/decide.ts';
import { nothing, sh } from '../../src/shell/sh.ts';
import { sight, task } from '../plan/hosts.ts';
import { types } from '../run/pretend-host.ts';
import { facts } from '../tasks/samples.ts';

const words = { file: "it's", word: 'a\nGWFLEET\n$(id)' };
const planned = planHost('gw1', [task('p1t1', words), task('p1t2', { file: 'g', word: 'b' })], {
  sight: sight({ p1t1: '', p1t2: '' }),
  left: new Map(),
  types,
});
if (planned.kind !== 'planned') throw new Error(planned.why);

const order = {
  guardId: '20261122-214007-7f3a.1',
  owner: "o'brien@here; id",
  mark: 'gwf-1',
  tasks: planned.tasks,
  facts,
  now: 1_700_000_000,
};

const scripts: readonly (readonly [string, string])[] = [
  ['the engine', engine],
  ['a guarded apply', applyScript({ ...order, confirmTimeoutSeconds: 60 }, types).text],
  ['an apply without a guard', applyScript({ ...order, confirmTimeoutSeconds: null }, types).text],
  ['settling', settleScript(order, sh`echo seen`).text],
  ['inspecting', inquiryScript(order, { verb: 'inspect', probe: nothing }).text],
  ['settling a dead run', inquiryScript(order, { verb: 'settle', probe: nothing }).text],
];

/** What shellcheck says in spite of a reason. */
const excluded = [
  'SC1090', // "$D/plan" is written by us just before it is read
  'SC1091', // and is not there when shellcheck looks
  'SC2013', // ids of tasks have no blanks
  'SC2154', // its variables come from there
  'SC2034', // and so do those that only the engine reads
  'SC2086', // $steps, $looks, $detach and $moved are lists of words without blanks: splitting is meant
  'SC2046', // the same for the words of a command
  'SC2116', // $(echo $moved): turns lines into words
  'SC2012', // ls of names that we have made ourselves, sorted by time in the name
  'SC2015', // a && b || c where b cannot fail
  'SC2317', // functions that are called by a name put together
  'SC2329', // the same in newer versions
  'SC2181', // $? after a here-document is plainer than a command with one inside `if`
  'SC2162', // the name of a verdict has no backslash
];

describe.each(scripts)('%s', (_, script) => {
  it.each([
    ['dash', ['-n']],
    ['busybox', ['ash', '-n']],
    ['shellcheck', ['-s', 'sh', '-e', excluded.join(','), '-']],
  ])('is understood by %s', (program, args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { input: script, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});
