/**
 * What every interface of ours does with the terminal: a screen of its own that is drawn again and again, away during
 * Ctrl-Z, and given back however the process ends. What it shows is its own affair; Ink is loaded only with this.
 */
import type { LiveSource } from '../render/ink/live.tsx';
import { openScreen, type Screen } from '../render/ink/screen.ts';
import { type Line, paintLine } from '../render/live/line.ts';
import type { Size } from '../render/live/view.ts';
import { liveHeight } from '../render/live/view.ts';
import type { Output } from './output.ts';
import { suspension } from './suspension.ts';
import { sizeNow } from './terminal-size.ts';

export interface ScreenWish {
  readonly output: Output;
  readonly lines: (size: Size) => readonly Line[];
  readonly press: (key: string) => void;
  readonly everyMs: number;
  /** The terminal is ours: words of others would be drawn over. */
  readonly taken?: () => void;
  /** It is the user's again, for a while or for good. */
  readonly given?: () => void;
}

export interface OwnScreen {
  redraw(): void;
  /** As Ctrl-Z. */
  suspend(): void;
  end(): void;
}

export function ownScreen({ output, lines, press, everyMs, taken, given }: ScreenWish): OwnScreen {
  const { stderr } = process;
  let redraw = (): void => undefined;
  let screen: Screen | undefined;
  const source: LiveSource = {
    text: () =>
      lines(liveSize())
        .map((line) => paintLine(line, output.tellColours))
        .join('\n'),
    press,
    watch: (again) => {
      redraw = again;
      return () => {
        redraw = () => undefined;
      };
    },
  };
  const open = (): void => {
    if (screen !== undefined) return;
    taken?.();
    screen = openScreen({ stream: stderr, source });
  };
  const close = (): void => {
    if (screen === undefined) return;
    screen.close();
    screen = undefined;
    given?.();
  };
  const timer = setInterval(() => {
    sizeNow(stderr);
    redraw();
  }, everyMs);
  const { suspend, end } = suspension({ open, close });
  process.on('exit', close);
  open();
  return {
    redraw: () => redraw(),
    suspend,
    end: () => {
      clearInterval(timer);
      end();
      process.off('exit', close);
      close();
    },
  };
}

/** As large as an interface may be now. */
export function liveSize(): Size {
  const { columns: width, rows } = process.stderr;
  return { width, height: liveHeight(rows) };
}
