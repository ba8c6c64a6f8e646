/** What is typed: durations, depths, and flags that contradict each other. */
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { checkedFlags, diffDepth, refuseOtherWishes } from '../../src/cli/apply-flags.ts';
import {
  connectionFlags,
  type Flags,
  playbookFlags,
  runFlags,
  selectionFlags,
  spelledOut,
} from '../../src/cli/flags.ts';
import { UsageError } from '../../src/cli/usage.ts';

function parse(...words: readonly string[]): Flags & { readonly path: string | undefined } {
  const verb = new Command('apply')
    .argument('<inventory>')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const add of [playbookFlags, selectionFlags, connectionFlags, runFlags]) add(verb);
  verb.parse(spelledOut(['node', 'gwfleet', ...words]));
  return { ...verb.opts<Flags>(), path: verb.args[0] };
}

describe('flags', () => {
  it.each([
    ['60', 60],
    ['60s', 60],
    ['5m', 300],
    ['1h', 3600],
  ])('take the duration %s', (text, seconds) => {
    expect(parse('i', '--confirm-timeout', text).confirmTimeout).toBe(seconds);
  });

  it.each(['4', '0', '-5', '1d', '', '5 m', '1e3'])('refuse the duration %j', (text) => {
    expect(() => parse('i', `--confirm-timeout=${text}`)).toThrow(/duration/);
  });

  it.each(['0', '-1', '1.5', 'x', '999999'])('refuse %j forks', (text) => {
    expect(() => parse('i', `--forks=${text}`)).toThrow(/number/);
  });

  it('have the defaults of the contract', () => {
    expect(parse('i')).toMatchObject({ forks: 64, progress: 'auto', guard: true, tags: [], extraVars: [] });
  });

  it('split tags at commas and gather them', () => {
    expect(parse('i', '-t', 'a, b', '-t', 'c').tags).toEqual(['a', 'b', 'c']);
  });

  it.each([
    [['-D', 'i'], 'full'],
    [['i', '-D'], 'full'],
    [['i', '--diff', 'stat'], 'stat'],
    [['-D', 'short', 'i'], 'short'],
    [['i'], 'short'],
  ])('%j is depth %s and the inventory i', (words, depth) => {
    const flags = parse(...words);
    expect([flags.path, diffDepth(flags)]).toEqual(['i', depth]);
  });

  it('refuse two that both want stdout', () => {
    expect(() => checkedFlags(parse('i', '--json', '--progress', 'jsonl'))).toThrow(UsageError);
  });

  it('refuse what would choose again in a saved plan, and say which', () => {
    expect(() => refuseOtherWishes(parse('p', '-l', 'gw1', '-t', 'x'))).toThrow(
      /--limit, --tags cannot change it/,
    );
    expect(() => refuseOtherWishes(parse('p', '-y', '-u', 'me', '--json'))).not.toThrow();
  });
});
