/**
 * The interface of a run: the newest state, drawn ten times a second on a screen of its own. What it shows is
 * `render/live`; what must stay for the user to read is kept, and told when the terminal is the user's again.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Plan } from '../plan/plan.ts';
import { frame, lastFrame } from '../render/live/frame.ts';
import { press } from '../render/live/keys.ts';
import { type Line, paintLine, span, type Tone } from '../render/live/line.ts';
import { symbolsFor } from '../render/live/symbols.ts';
import { type Choice, endHeight, type LiveView, noChoice } from '../render/live/view.ts';
import { colourless } from '../render/palette.ts';
import { plainLine } from '../render/plain.ts';
import { visibleText } from '../render/visible.ts';
import type { RunEvent } from '../report/event.ts';
import { isBad } from '../report/host-state.ts';
import type { RunState } from '../report/run-state.ts';
import type { Controls, Display } from './display.ts';
import type { Output } from './output.ts';
import { ownScreen } from './own-screen.ts';

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
const mostFailuresKept = 20;
/** As many lines as the tallest screens have room for. */
const newsKept = 100;
/** Where every host has a row, everything that happens is news; with more, only what is kept is. */
const fewHosts = 12;

export function liveDisplay(order: LiveOrder): Display {
  const { output, controls, plan, nowMs = Date.now } = order;
  const { stderr } = process;
  const symbols = symbolsFor(process.env);
  const keys = process.stdin.isTTY ? 'yes' : 'no';
  let [state, tick, failuresKept, isOver] = [order.state, 0, 0, false];
  let choice: Choice = noChoice;
  let [kept, news]: [readonly string[], readonly Line[]] = [[], []];

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
    news,
  });
  const keep = (text: string): void => {
    kept = [...kept, text];
  };
  const tellNews = (text: string, tone: Tone): void => {
    const lines = visibleText(stripVTControlCharacters(text)).trimEnd().replaceAll('\t', '  ').split('\n');
    news = [...news, ...lines.map((line): Line => [span(line, tone)])].slice(-newsKept);
  };
  const screen = ownScreen({
    output,
    everyMs: frameMs,
    lines: (size) => {
      tick += 1;
      return frame(view(), size);
    },
    press: (key) => {
      const pressed = press(key, view());
      choice = pressed.choice;
      if (pressed.wish === 'suspend') screen.suspend();
      else if (pressed.wish === 'hold') controls.hold.toggle();
      else if (pressed.wish !== undefined) controls[pressed.wish]();
      screen.redraw();
    },
    taken: () =>
      output.divert((text) => {
        keep(text);
        tellNews(text, 'plain');
      }),
    given: () => {
      output.divert(undefined);
      output.tell(kept.join(''));
      kept = [];
    },
  });
  return {
    event: (event, next) => {
      state = next;
      const isKept = staysTold(event, next) && failuresKept < mostFailuresKept;
      if (isKept && event.type === 'host-finished') failuresKept += 1;
      if (isKept) keep(`${plainLine(event, output.tellColours) ?? ''}\n`);
      const line = plainLine(event, colourless);
      if (line !== undefined && (isKept || next.hosts.size <= fewHosts)) tellNews(line, toneOf(event));
    },
    begin: () => Promise.resolve(),
    end: () => {
      if (isOver) return;
      isOver = true;
      screen.end();
      const last = lastFrame(view(), { width: stderr.columns, height: endHeight(stderr.rows) });
      output.tell(last.map((line) => `${paintLine(line, output.tellColours)}\n`).join(''));
    },
  };
}

/** What stopped the run, notes, and failures that have no row of their own. */
function staysTold(event: RunEvent, state: RunState): boolean {
  return (
    event.type === 'run-stopped' ||
    event.type === 'note' ||
    (event.type === 'host-finished' && isBad(event.result) && state.hosts.size > fewHosts)
  );
}

function toneOf(event: RunEvent): Tone {
  if (event.type === 'run-stopped') return 'bad';
  if (event.type === 'host-finished') return isBad(event.result) ? 'bad' : 'good';
  return event.type === 'note' ? 'plain' : 'dim';
}
