/**
 * `status --watch` on a terminal: the newest look stays on the screen until somebody ends it, on a screen of its own:
 * the scrollback stays as it was. What it shows is `render/live/status-frame`; Ink is loaded only for this.
 */
import type { LiveSource } from '../render/ink/live.tsx';
import { openScreen, type Screen } from '../render/ink/screen.ts';
import { type Line, paintLine, span } from '../render/live/line.ts';
import {
  mostScroll,
  type StatusView,
  statusFrame,
  type Trends,
  widthsOf,
  withLook,
} from '../render/live/status-frame.ts';
import { symbolsFor } from '../render/live/symbols.ts';
import type { Size } from '../render/live/view.ts';
import type { FleetStatus } from '../status/model.ts';
import type { Output } from './output.ts';
import { suspension } from './suspension.ts';
import { sizeNow } from './terminal-size.ts';

export interface StatusScreen {
  /** A new look, and how long until the one after it. */
  show(status: FleetStatus, pauseMs: number): void;
  close(): void;
}

const tickMs = 250;
/** A screen of its own, as of every program that is looked at: the scrollback is not touched, whatever is resized. */
const ownScreen = '\u001b[?1049h\u001b[H';
const usersScreen = '\u001b[?1049l';
const cleared = '\u001b[H\u001b[2J';

/** @param end what `q` and Ctrl-C ask for. */
export function statusScreen(output: Output, end: () => void): StatusScreen {
  const { stderr } = process;
  const symbols = symbolsFor(process.env);
  const keys = process.stdin.isTTY ? 'yes' : 'no';
  let status: FleetStatus | undefined;
  let [trends, nextMs, scroll] = [new Map() as Trends, 0, 0];
  let drawn: readonly Line[] = [];
  let redraw = (): void => undefined;
  let screen: Screen | undefined;
  const view = (of: FleetStatus): StatusView => {
    const left = Math.ceil((nextMs - performance.now()) / 1000);
    return { status: of, trends, nextSeconds: left > 0 ? left : undefined, symbols, keys, scroll };
  };
  const text = (): string => {
    drawn = status === undefined ? [[span('the first look ...', 'dim')]] : statusFrame(view(status), size());
    return drawn.map((line) => paintLine(line, output.tellColours)).join('\n');
  };
  const press = (key: string): void => {
    if (key === 'q' || key === 'ctrl-c' || key === 'escape') end();
    else if (key === 'ctrl-z') suspend();
    const step = key === 'down' || key === 'j' ? 1 : key === 'up' || key === 'k' ? -1 : 0;
    const most = status === undefined ? 0 : mostScroll(view(status), size());
    scroll = Math.max(0, Math.min(most, scroll + step));
    redraw();
  };
  const source: LiveSource = {
    text,
    press,
    watch: (again) => {
      redraw = again;
      return () => {
        redraw = () => undefined;
      };
    },
    attach: () => undefined,
  };
  const open = (): void => {
    if (screen !== undefined) return;
    stderr.write(ownScreen);
    screen = openScreen({ stream: stderr, source, widths: () => widthsOf(drawn) });
    stderr.prependListener('resize', clear);
  };
  const clear = (): void => {
    stderr.write(cleared);
  };
  const close = (): void => {
    if (screen === undefined) return;
    stderr.off('resize', clear);
    screen.close();
    screen = undefined;
    stderr.write(usersScreen);
  };
  const timer = setInterval(() => {
    sizeNow(stderr);
    redraw();
  }, tickMs);
  const { suspend, end: endSuspension } = suspension({ open, close });
  process.on('exit', close);
  open();
  return {
    show: (seen, pauseMs) => {
      status = seen;
      trends = withLook(trends, seen);
      nextMs = performance.now() + pauseMs;
      redraw();
    },
    close: () => {
      clearInterval(timer);
      endSuspension();
      process.off('exit', close);
      close();
    },
  };
}

/** The whole screen but two rows: at the full height a terminal scrolls. */
function size(): Size {
  const { columns: width, rows } = process.stderr;
  return { width, height: Math.max(1, rows - 2) };
}
