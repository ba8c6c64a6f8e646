/**
 * `status --watch` on a terminal: the newest look stays on the screen until somebody ends it. What it shows is
 * `render/live/status-frame`.
 */
import { type Line, span } from '../render/live/line.ts';
import {
  mostScroll,
  type StatusView,
  statusFrame,
  type Trends,
  withLook,
} from '../render/live/status-frame.ts';
import { symbolsFor } from '../render/live/symbols.ts';
import type { Size } from '../render/live/view.ts';
import type { FleetStatus } from '../status/model.ts';
import type { Output } from './output.ts';
import { liveSize, ownScreen } from './own-screen.ts';

export interface StatusScreen {
  /** A new look, and how long until the one after it. */
  show(status: FleetStatus, pauseMs: number): void;
  close(): void;
}

/** @param end what `q` and Ctrl-C ask for. */
export function statusScreen(output: Output, end: () => void): StatusScreen {
  const symbols = symbolsFor(process.env);
  const keys = process.stdin.isTTY ? 'yes' : 'no';
  let status: FleetStatus | undefined;
  let [trends, nextMs, scroll] = [new Map() as Trends, 0, 0];
  const view = (of: FleetStatus): StatusView => {
    const left = Math.ceil((nextMs - performance.now()) / 1000);
    return { status: of, trends, nextSeconds: left > 0 ? left : undefined, symbols, keys, scroll };
  };
  const lines = (size: Size): readonly Line[] =>
    status === undefined ? [[span('the first look ...', 'dim')]] : statusFrame(view(status), size);
  const press = (key: string): void => {
    if (key === 'q' || key === 'ctrl-c' || key === 'escape') end();
    else if (key === 'ctrl-z') screen.suspend();
    const step = key === 'down' || key === 'j' ? 1 : key === 'up' || key === 'k' ? -1 : 0;
    const most = status === undefined ? 0 : mostScroll(view(status), liveSize());
    scroll = Math.max(0, Math.min(most, scroll + step));
    screen.redraw();
  };
  const screen = ownScreen({ output, lines, press, everyMs: 250 });
  return {
    show: (seen, pauseMs) => {
      status = seen;
      trends = withLook(trends, seen);
      nextMs = performance.now() + pauseMs;
      screen.redraw();
    },
    close: () => screen.end(),
  };
}
