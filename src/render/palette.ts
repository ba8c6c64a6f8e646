/**
 * Colour or none, decided once for each stream: NO_COLOR, then FORCE_COLOR, then the terminal. No meaning hangs on
 * colour alone: every line that has one also has a symbol and a word.
 */
import picocolors from 'picocolors';

export type Palette = ReturnType<typeof picocolors.createColors>;

/** For texts that something else paints, or nothing. */
export const colourless: Palette = picocolors.createColors(false);

export interface ColourSigns {
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function palette({ isTerminal, environment }: ColourSigns): Palette {
  return picocolors.createColors(hasColour(isTerminal, environment));
}

function hasColour(isTerminal: boolean, environment: ColourSigns['environment']): boolean {
  const { NO_COLOR: off, FORCE_COLOR: force, TERM: term } = environment;
  if (off !== undefined && off !== '') return false;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return isTerminal && term !== 'dumb';
}
