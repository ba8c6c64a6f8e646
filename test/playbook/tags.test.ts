import { describe, expect, test } from 'vitest';
import { type Selection, selectTasks } from '../../src/playbook/tags.ts';
import { readText, said } from './reading.ts';

// The answers are those of ansible-playbook 2.14 for the same tags in a playbook of debug tasks.
const text = `
- hosts: all
  tasks:
    - { name: plain, sysctl: { a: 1 } }
    - { name: net, tags: net, sysctl: { a: 1 } }
    - { name: both, tags: [net, dns], sysctl: { a: 1 } }
    - { name: ever, tags: always, sysctl: { a: 1 } }
    - { name: rare, tags: [never, debug], sysctl: { a: 1 } }
- hosts: all
  tags: late
  tasks:
    - { name: second, sysctl: { a: 1 } }
    - { name: second never, tags: never, sysctl: { a: 1 } }
`;

function selected(selection: Partial<Selection>): { names: string; said: readonly string[] } {
  const { playbook } = readText(text);
  if (playbook === undefined) throw new Error('the playbook has errors');
  const { ids, diagnostics } = selectTasks(playbook, { tags: [], skipTags: [], ...selection });
  const tasks = playbook.plays.flatMap((play) => play.tasks);
  const names = tasks.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  return { names: names.join(','), said: said(diagnostics) };
}

describe('tags', () => {
  test.each<[Partial<Selection>, string]>([
    [{}, 'plain,net,both,ever,second'],
    [{ tags: ['net'] }, 'net,both,ever'],
    [{ tags: ['net', 'late'] }, 'net,both,ever,second,second never'],
    [{ tags: ['late'] }, 'ever,second,second never'],
    [{ tags: ['debug'] }, 'ever,rare'],
    [{ tags: ['never'] }, 'ever,rare,second never'],
    [{ tags: ['tagged'] }, 'net,both,ever,second'],
    [{ tags: ['untagged'] }, 'plain,ever'],
    [{ tags: ['all'] }, 'plain,net,both,ever,second'],
    [{ skipTags: ['net'] }, 'plain,ever,second'],
    [{ skipTags: ['always'] }, 'plain,net,both,second'],
    [{ skipTags: ['tagged'] }, 'plain'],
    [{ skipTags: ['untagged'] }, 'net,both,ever,second'],
    [{ skipTags: ['all'] }, 'ever'],
    [{ tags: ['net'], skipTags: ['dns'] }, 'net,ever'],
  ])('%j', (selection, wanted) => {
    expect(selected(selection)).toEqual({ names: wanted, said: [] });
  });

  test('an unknown tag is an error that names the nearest', () => {
    expect(selected({ tags: ['nett'] }).said).toEqual(["no task has the tag 'nett' | did you mean 'net'?"]);
    expect(selected({ skipTags: ['zzzzzz'] }).said).toEqual([
      "no task has the tag 'zzzzzz' | tags: always, debug, dns, late, net, never",
    ]);
  });

  test('tags that leave nothing are an error', () => {
    expect(selected({ tags: ['net'], skipTags: ['net', 'always'] }).said).toEqual([
      'the tags leave no task to run | --list-tasks shows them',
    ]);
  });
});

describe('start-at-task', () => {
  test.each([
    ['both', 'both,ever,second'],
    ['sec*', 'second'],
    ['[pn]et', 'net,both,ever,second'],
    ['?oth', 'both,ever,second'],
  ])('%s', (startAtTask, wanted) => {
    expect(selected({ startAtTask })).toEqual({ names: wanted, said: [] });
  });

  test('a name that is not there is an error', () => {
    expect(selected({ startAtTask: 'secnd' }).said).toEqual([
      "no task is named 'secnd' | did you mean 'second'?",
    ]);
  });
});
