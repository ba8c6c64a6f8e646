/**
 * The interface on a terminal: it watches the newest state ten times a second and draws it through Ink. Everything that
 * has to do with the terminal's ways (suspend, resize, words above the frame) is here; what it shows is `render/live`.
 */
import type { Plan } from '../plan/plan.ts';
import type { LiveSource } from '../render/ink/live.tsx';
import { openScreen, type Screen } from '../render/ink/screen.ts';
import { frame, lastFrame } from '../render/live/frame.ts';
import { press } from '../render/live/keys.ts';
import { columns, type Line, paintLine, textOf } from '../render/live/line.ts';
import { symbolsFor } from '../render/live/symbols.ts';
import { type Choice, type LiveView, liveHeight, noChoice, type Size } from '../render/live/view.ts';
import { plainLine } from '../render/plain.ts';
import type { RunEvent } from '../report/event.ts';
import { isBad } from '../report/host-state.ts';
import type { RunState } from '../report/run-state.ts';
import type { Controls, Display } from './display.ts';
import type { Output } from './output.ts';
import { suspension } from './suspension.ts';
import { sizeNow } from './terminal-size.ts';

export interface LiveOrder {
  readonly output: Output;
  readonly controls: Controls;
  readonly plan: Plan;
  readonly state: RunState;
  /** The moment to draw: now, or that of a recording. */
  readonly nowMs?: () => number;
}

const frameMs = 100;
/** More failures than this would push the user's own words out of sight; the end of the run has them. */
const failuresAbove = 20;

export function liveDisplay(order: LiveOrder): Display {
  const { output, controls, plan, nowMs = Date.now } = order;
  const { stderr } = process;
  const symbols = symbolsFor(process.env);
  const keys = process.stdin.isTTY ? 'yes' : 'no';
  let [state, tick, told] = [order.state, 0, 0];
  let choice: Choice = noChoice;
  let drawn: readonly Line[] = [];
  let redraw = (): void => undefined;
  let above: ((text: string) => void) | undefined;
  let screen: Screen | undefined;

  const view = (): LiveView => ({
    state,
    plan,
    nowMs: nowMs(),
    tick,
    symbols,
    keys,
    choice,
    hold: controls.hold.state(),
    stopping: controls.isStopping(),
  });
  const paint = (lines: readonly Line[]): string =>
    lines.map((line) => paintLine(line, output.tellColours)).join('\n');
  const source: LiveSource = {
    text: () => {
      drawn = frame(view(), liveSize());
      return paint(drawn);
    },
    watch: (again) => {
      redraw = again;
      return () => {
        redraw = () => undefined;
      };
    },
    attach: (write) => {
      above = write;
      output.divert(write);
    },
    press: (key) => {
      const pressed = press(key, view());
      choice = pressed.choice;
      if (pressed.wish === 'suspend') suspend();
      else if (pressed.wish === 'hold') controls.hold.toggle();
      else if (pressed.wish !== undefined) controls[pressed.wish]();
      redraw();
    },
  };
  const open = (): void => {
    screen ??= openScreen({
      stream: stderr,
      source,
      widths: () => drawn.map((line) => columns(textOf(line))),
    });
  };
  const close = (): void => {
    screen?.close();
    screen = undefined;
    above = undefined;
    output.divert(undefined);
  };
  const timer = setInterval(() => {
    tick += 1;
    sizeNow(stderr);
    redraw();
  }, frameMs);
  const { suspend, end: endSuspension } = suspension({ open, close });
  open();
  return {
    event: (event, next) => {
      state = next;
      const line = lineAbove(event, next, told, output);
      if (line === undefined) return;
      told += 1;
      above?.(`${line}\n`);
    },
    begin: () => Promise.resolve(),
    end: () => {
      if (screen === undefined) return;
      clearInterval(timer);
      endSuspension();
      close();
      const last = lastFrame(view(), liveSize());
      output.tell(last.length === 0 ? '' : `${paint(last)}\n`);
    },
  };
}

function liveSize(): Size {
  const { columns: width, rows } = process.stderr;
  return { width, height: liveHeight(rows) };
}

/** What leaves the interface upwards and stays: what stopped the run, notes, and failures that have no row of their own. */
function lineAbove(event: RunEvent, state: RunState, told: number, output: Output): string | undefined {
  const isKept =
    event.type === 'run-stopped' ||
    event.type === 'note' ||
    (event.type === 'host-finished' && isBad(event.result) && state.hosts.size > 12);
  return isKept && told < failuresAbove ? plainLine(event, output.tellColours) : undefined;
}
