/** Quoting, against a real dash: whatever goes in comes out as one word. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../src/shell/quote.ts';
import { feed, sh, subshell } from '../../src/shell/sh.ts';

const dash = (script: string): string => spawnSync('dash', [], { input: script, encoding: 'utf8' }).stdout;

describe('a quoted word', () => {
  it('is one word with the same bytes for dash', () => {
    const nasty = [
      '',
      '-n',
      '*',
      '~',
      '$HOME',
      "'",
      "''",
      '\\',
      'a\nb',
      '\n',
      '`id`',
      '#',
      '!',
      '\u00e9\u{1f600}',
    ];
    const words = fc.sample(
      fc.string({
        unit: fc.constantFrom(...Array.from('ab \'"\\$`*?~\n\t;&|<>(){}[]!#=-%^\u00e4\u2028')),
        maxLength: 12,
      }),
      400,
    );
    const all = [...nasty, ...words];
    const script = all.map((word) => `set -- ${quote(word)}; printf '%s:%s\\0' $# "$1"`).join('\n');
    const seen = dash(script).split('\0').slice(0, -1);
    expect(seen).toEqual(all.map((word) => `1:${word}`));
  });

  it('is bare when it is harmless, so that scripts stay readable', () => {
    expect(quote('203.0.113.10/24')).toBe('203.0.113.10/24');
    expect(quote('a b')).toBe("'a b'");
  });

  it('cannot hold a NUL', () => {
    expect(() => quote('a\0b')).toThrow(/NUL/);
  });
});

describe('sh``', () => {
  it('makes one word of a value and several of a list', () => {
    expect(sh`echo ${'a b'} ${['c', 'd e']} ${7}`.text).toBe("echo 'a b' c 'd e' 7");
  });

  it('feeds any text to a command, end marks included', () => {
    const text = 'GWFLEET\n$(id)\nGWFLEET_\n\\x';
    expect(dash(feed(text, sh`cat`).text)).toBe(`${text}\n`);
  });

  it('keeps exit and variables in a subshell', () => {
    expect(dash(`x=1\n${subshell(sh`x=2; exit 3`).text}\necho $x $?`)).toBe('1 3\n');
    expect(dash(`${subshell(sh``).text}\necho $?`)).toBe('0\n');
  });
});
