/**
 * Ink on a terminal, made safe for what is above it. Three things a reader would get wrong: Ink wipes the scrollback as
 * soon as it believes that its frame is as tall as the screen, so it is never told how tall that is (we keep the frame
 * small ourselves); a terminal that became narrower has broken the frame's lines into more rows than Ink erases; and
 * `unmount` draws once more, so it is muted before. What cannot be had: a frame that is on its way while the terminal
 * becomes narrower is broken by it before we hear of that, and may leave its first line behind on a busy machine.
 */
import type { WriteStream } from 'node:tty';
import { render } from 'ink';
import { createElement } from 'react';
import { Live, type LiveSource } from './live.tsx';

export interface ScreenOrder {
  readonly stream: WriteStream;
  readonly source: LiveSource;
  /** How many columns each line of the frame takes. */
  readonly widths: () => readonly number[];
}

export interface Screen {
  /** Takes the frame away and gives the terminal back as it was. */
  close(): void;
}

const showCursor = '\u001b[?25h';
const endSynchronised = '\u001b[?2026l';

export function openScreen({ stream, source, widths }: ScreenOrder): Screen {
  let muted = false;
  const pulled = pulledRows(stream);
  const before = (): void => {
    const broken = brokenRows(widths(), stream.columns);
    const rows = broken + pulled(widths().length + broken + 1);
    if (!muted) stream.write(upOver(rows));
  };
  stream.prependListener('resize', before);
  const stdout = roomy(stream, () => muted);
  const instance = render(createElement(Live, { source }), {
    stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    // The source decides how often; Ink must not fall behind it.
    maxFps: 60,
  });
  return {
    close: () => {
      if (muted) return;
      instance.clear();
      muted = true;
      stream.off('resize', before);
      instance.unmount();
      stream.write(showCursor + endSynchronised);
    },
  };
}

/** The same stream, but endless in height, and silent when muted. */
function roomy(stream: WriteStream, isMuted: () => boolean): WriteStream {
  const write = (text: string, then?: () => void): boolean => {
    if (!isMuted()) return stream.write(text, then);
    then?.();
    return true;
  };
  return new Proxy(stream, {
    get: (target, key): unknown => {
      if (key === 'rows') return Number.POSITIVE_INFINITY;
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** How many rows more than lines a frame takes in a terminal that broke its lines. */
function brokenRows(widths: readonly number[], columns: number): number {
  return widths.reduce((rows, width) => rows + Math.max(1, Math.ceil(width / columns)) - 1, 0);
}

/**
 * A terminal that became lower has pushed the top of the frame into its history; tmux, and whatever is made of VTE, takes
 * as many lines out of there again when it grows. Says how many rows of an old frame have come back.
 */
function pulledRows(stream: WriteStream): (occupied: number) => number {
  const pullsBack = process.env['TMUX'] !== undefined || process.env['VTE_VERSION'] !== undefined;
  let [before, lost] = [stream.rows, 0];
  return (occupied) => {
    const grown = stream.rows - before;
    before = stream.rows;
    if (grown < 0) lost += Math.max(0, occupied - stream.rows);
    const back = pullsBack ? Math.min(lost, Math.max(0, grown)) : 0;
    lost -= back;
    return back;
  };
}

function upOver(rows: number): string {
  return '\u001b[2K\u001b[1A'.repeat(rows);
}
