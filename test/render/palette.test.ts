/** Who gets colours: NO_COLOR, then FORCE_COLOR, then the terminal. */
import { describe, expect, it } from 'vitest';
import { palette } from '../../src/render/palette.ts';

const table: readonly (readonly [boolean, Record<string, string>, boolean])[] = [
  [true, { TERM: 'xterm' }, true],
  [true, { TERM: 'dumb' }, false],
  [true, {}, true],
  [false, { TERM: 'xterm' }, false],
  [false, { CI: '1' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: 'false' }, false],
  [false, { FORCE_COLOR: '' }, false],
  [false, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
  [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
];

describe('colour', () => {
  it.each(table)('terminal %s with %j: %s', (isTerminal, environment, coloured) => {
    const { red } = palette({ isTerminal, environment });
    expect(red('x') !== 'x').toBe(coloured);
  });
});
