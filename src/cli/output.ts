/**
 * Where words go: stdout carries the result only, stderr everything else. A reader that has gone (`| head`) ends the
 * writing, never the run.
 */
import { type Palette, palette } from '../render/palette.ts';

export interface Output {
  /** The result. */
  result(text: string): void;
  /** Everything else. */
  tell(text: string): void;
  /** While an interface is drawn, `tell` goes through it; undefined gives it back. */
  divert(above: ((text: string) => void) | undefined): void;
  readonly resultColours: Palette;
  readonly tellColours: Palette;
}

export function openOutput(): Output {
  const gone = { stdout: false, stderr: false };
  process.stdout.on('error', () => {
    gone.stdout = true;
  });
  process.stderr.on('error', () => {
    gone.stderr = true;
  });
  let diverted: ((text: string) => void) | undefined;
  return {
    divert: (above) => {
      diverted = above;
    },
    result: (text) => gone.stdout || process.stdout.write(text),
    tell: (text) => {
      if (text === '' || gone.stderr) return;
      if (diverted === undefined) process.stderr.write(text);
      else diverted(text);
    },
    resultColours: palette({ isTerminal: process.stdout.isTTY, environment: process.env }),
    tellColours: palette({ isTerminal: process.stderr.isTTY, environment: process.env }),
  };
}
