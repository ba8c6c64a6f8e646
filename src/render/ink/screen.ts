/**
 * Ink on a screen of the terminal that is ours alone (as an editor's), so that the user's words and scrollback are not
 * touched, whatever is resized. Ink lays the frame out and reads keys; where it stands is written here, each line at
 * its own row. What a reader would get wrong: a frame that is on its way while the terminal becomes smaller arrives in
 * one of another size (tmux tells of a new size up to 250 ms after it is there). So no line may wrap, nothing may scroll
 * and no place may depend on the one before; and all is written anew after each resize and once a second, because a size
 * that was changed and changed back at once is told to nobody.
 */
import type { WriteStream } from 'node:tty';
import { render } from 'ink';
import { createElement } from 'react';
import { Live, type LiveSource } from './live.tsx';

export interface ScreenOrder {
  readonly stream: WriteStream;
  readonly source: LiveSource;
}

export interface Screen {
  /** Gives the terminal back as it was. */
  close(): void;
}

const esc = '\u001b[';
const anewMs = 1000;

export function openScreen({ stream, source }: ScreenOrder): Screen {
  let closed = false;
  let drawn: readonly string[] = [];
  let anewAtMs = 0;
  const draw = (text: string): void => {
    const lines = text.split('\n').slice(0, Math.max(1, stream.rows));
    const isAnew = performance.now() >= anewAtMs;
    if (isAnew) anewAtMs = performance.now() + anewMs;
    const rows = changedRows(lines, { drawn, isAnew, rows: stream.rows });
    drawn = lines;
    if (rows !== '') stream.write(rows);
  };
  const resized = (): void => {
    anewAtMs = 0;
  };
  // Before Ink hears of it and draws.
  stream.prependListener('resize', resized);
  stream.write(opened(stream.rows));
  const instance = render(createElement(Live, { source }), {
    stdout: framesOnly(stream, (text) => (closed ? undefined : draw(text))),
    exitOnCtrlC: false,
    patchConsole: false,
    // Each frame as it is, without Ink's own ways of putting it on a screen.
    debug: true,
  });
  return {
    close: () => {
      if (closed) return;
      // `unmount` draws once more.
      closed = true;
      stream.off('resize', resized);
      instance.unmount();
      stream.write(left(stream.rows));
    },
  };
}

/**
 * A terminal that knows no second screen (Linux' console, screen(1) as it comes) shows the same as before: what is on it
 * is scrolled away first, and not lost.
 */
function opened(rows: number): string {
  return `${esc}?1049h${esc}${rows};1H${'\n'.repeat(rows)}${esc}?25l`;
}

function left(rows: number): string {
  return `${blankRows(1, rows)}${esc}1;1H${esc}?1049l${esc}?25h`;
}

interface Before {
  readonly drawn: readonly string[];
  readonly isAnew: boolean;
  readonly rows: number;
}

/** What brings the screen from the old frame to the new one; empty: it is there already. */
function changedRows(lines: readonly string[], { drawn, isAnew, rows }: Before): string {
  const changed = lines.flatMap((line, row) =>
    isAnew || line !== drawn[row] ? [`${rowStart(row + 1)}${line}`] : [],
  );
  const below = blankRows(lines.length + 1, isAnew ? rows : drawn.length);
  const all = changed.join('') + below;
  // Synchronised where the terminal can, and never wrapped: both end with what is written here.
  return all === '' ? '' : `${esc}?2026h${esc}?7l${all}${esc}?7h${esc}?2026l`;
}

function blankRows(from: number, to: number): string {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => rowStart(from + at)).join('');
}

/** To the beginning of a row, which is empty then: a row at a time, because tmux keeps a whole screen that is erased. */
function rowStart(row: number): string {
  return `${esc}${row};1H${esc}2K`;
}

/** The same stream, but what is written to it are frames. */
function framesOnly(stream: WriteStream, draw: (text: string) => void): WriteStream {
  const write = (text: string, then?: () => void): boolean => {
    if (text !== '') draw(text);
    then?.();
    return true;
  };
  return new Proxy(stream, {
    get: (target, key): unknown => {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
