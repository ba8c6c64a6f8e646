/** What hosts print must not move a cursor or turn a line around. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleLine, visibleText } from '../../src/render/visible.ts';

describe('remote text', () => {
  it('shows control characters instead of sending them', () => {
    expect(visibleText('\u001b[2Jx\u0007\u009b\u007f\r')).toBe('\\x1b[2Jx\\x07\\x9b\\x7f\\x0d');
    expect(visibleText('a\u202eb\u2066c\u061cd')).toBe('a\\u202eb\\u2066c\\u61cd');
  });

  it('keeps lines and tabs where several lines are wanted', () => {
    expect(visibleText('a\r\n\tb\n')).toBe('a\n\tb\n');
  });

  it('becomes one line where one is wanted', () => {
    expect(visibleLine(' a \n\n\t b\tc\n')).toBe('a / b c');
  });

  it('holds no control character whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visibleLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it('is quick with a megabyte of blanks', () => {
    expect(visibleLine(`a${' '.repeat(1_000_000)}b`)).toHaveLength(1_000_002);
  });
});
