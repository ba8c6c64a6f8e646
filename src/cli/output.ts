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
  /** For what takes a while: a terminal that is closed meanwhile could not be opened any more. */
  open(): void;
  /** While an interface is drawn, `tell` goes through it; undefined gives it back. */
  divert(above: ((text: string) => void) | undefined): void;
  /** From here on these are not shown, whoever writes them. */
  hide(secrets: Iterable<string>): void;
  readonly resultColours: Palette;
  readonly tellColours: Palette;
}

export function openOutput(): Output {
  const stdout = stream(() => process.stdout);
  const stderr = stream(() => process.stderr);
  let redact: Redact = (text) => text;
  // The renderers show what a host said; this net holds what JSON leaves as it is.
  const shown = (text: string): string => withoutHiddenSigns(redact(text));
  let diverted: ((text: string) => void) | undefined;
  return {
    open: () => {
      stdout.colours();
      stderr.colours();
    },
    divert: (above) => {
      diverted = above;
    },
    hide: (secrets) => {
      redact = redaction(secrets);
    },
    result: (text) => stdout.write(shown(text)),
    tell: (text) => {
      if (text === '') return;
      if (diverted === undefined) stderr.write(shown(text));
      else diverted(shown(text));
    },
    get resultColours() {
      return stdout.colours();
    },
    get tellColours() {
      return stderr.colours();
    },
  };
}

interface Stream {
  write(text: string): void;
  colours(): Palette;
}

/** Opened when it is first used: Node loads its sockets for a pipe, which a quick command need not wait for twice. */
function stream(of: () => NodeJS.WriteStream): Stream {
  let opened: NodeJS.WriteStream | undefined;
  let gone = false;
  const open = (): NodeJS.WriteStream => {
    opened ??= of().on('error', () => {
      gone = true;
    });
    return opened;
  };
  let colours: Palette | undefined;
  return {
    write: (text) => {
      if (!gone) open().write(text);
    },
    colours: () => {
      colours ??= palette({ isTerminal: open().isTTY, environment: process.env });
      return colours;
    },
  };
}
