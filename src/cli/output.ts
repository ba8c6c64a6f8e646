/**
 * Where words go: stdout carries the result only, stderr everything else. A reader that has gone (`| head`) ends the
 * writing, never the run.
 */
import { type Palette, palette } from '../render/palette.ts';
import { type Redact, redaction } from '../report/redaction.ts';
import { withoutHiddenSigns } from '../report/safe-json.ts';

export interface Output {
  /** The result. */
  result(text: string): void;
  /** Everything else. */
  tell(text: string): void;
  /** While an interface is drawn, `tell` goes through it; undefined gives it back. */
  divert(above: ((text: string) => void) | undefined): void;
  /** From here on these are not shown, whoever writes them. */
  hide(secrets: Iterable<string>): void;
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
  let redact: Redact = (text) => text;
  // The renderers show what a host said; this net holds what JSON leaves as it is.
  const shown = (text: string): string => withoutHiddenSigns(redact(text));
  let diverted: ((text: string) => void) | undefined;
  return {
    divert: (above) => {
      diverted = above;
    },
    hide: (secrets) => {
      redact = redaction(secrets);
    },
    result: (text) => gone.stdout || process.stdout.write(shown(text)),
    tell: (text) => {
      if (text === '' || gone.stderr) return;
      if (diverted === undefined) process.stderr.write(shown(text));
      else diverted(shown(text));
    },
    resultColours: palette({ isTerminal: process.stdout.isTTY, environment: process.env }),
    tellColours: palette({ isTerminal: process.stderr.isTTY, environment: process.env }),
  };
}
