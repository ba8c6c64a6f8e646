/**
 * `runs replay`: a run of the past in the interface, from its journal, at the pace at which it happened or faster.
 * Nothing is connected to; the keys look and pause as they did then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../plan/plan.ts';
import { recapText } from '../render/recap.ts';
import { exitCodes } from '../report/exit-code.ts';
import { emptyRunState, reduce } from '../report/run-state.ts';
import { stateFolder } from '../run/history.ts';
import { type Display, openDisplay } from './display.ts';
import type { Progress } from './flags.ts';
import { keptPlan } from './kept-plan.ts';
import type { Output } from './output.ts';
import { runCalled } from './run-word.ts';
import { UsageError } from './usage.ts';

export interface ReplayFlags {
  readonly progress: Progress;
  readonly speed: number;
}

export async function replay(word: string, flags: ReplayFlags, output: Output): Promise<number> {
  const state = stateFolder(process.env);
  const { record, events } = runCalled(state, word);
  const [first] = events;
  if (first === undefined)
    throw new UsageError(`run ${record.run} has no events`, 'it ended before it had begun');
  const clock = recordedClock(Date.parse(first.at), flags.speed);
  const stop = new AbortController();
  const display = openDisplay({
    progress: flags.progress,
    output,
    nowMs: clock.nowMs,
    controls: {
      stop: () => stop.abort(),
      interrupt: () => stop.abort(),
      isStopping: () => stop.signal.aborted,
      hold: { toggle: clock.toggle, state: () => (clock.isHeld() ? 'holding' : 'no') },
    },
  });
  const leave = (): void => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave);
  try {
    return await play({
      events,
      display,
      clock,
      stop: stop.signal,
      output,
      plan: keptPlan(state, record.run) ?? noPlan,
    });
  } finally {
    display.end();
  }
}

interface Recorded {
  readonly events: ReturnType<typeof runCalled>['events'];
  readonly plan: Plan;
  readonly display: Display;
  readonly clock: RecordedClock;
  readonly stop: AbortSignal;
  readonly output: Output;
}

async function play({ events, plan, display, clock, stop, output }: Recorded): Promise<number> {
  let state = emptyRunState;
  for (const [index, event] of events.entries()) {
    while (!stop.aborted && clock.nowMs() < Date.parse(event.at)) await sleep(tickMs);
    if (stop.aborted) return exitCodes.interrupted;
    state = reduce(state, event);
    display.event(event, state);
    if (index === 0) await display.begin(plan);
  }
  display.end();
  output.result(recapText(state, output.resultColours));
  return exitCodes.asWanted;
}

const tickMs = 20;
const noPlan: Plan = { v: 1, inventory: '', playbook: '', plays: [] };

interface RecordedClock {
  readonly nowMs: () => number;
  readonly toggle: () => void;
  readonly isHeld: () => boolean;
}

/** The time of the recording: runs `speed` times as fast as ours, and stands still while it is held. */
function recordedClock(startMs: number, speed: number): RecordedClock {
  let [shown, since, held] = [startMs, performance.now(), false];
  const nowMs = (): number => (held ? shown : shown + (performance.now() - since) * speed);
  return {
    nowMs,
    isHeld: () => held,
    toggle: () => {
      [shown, since, held] = [nowMs(), performance.now(), !held];
    },
  };
}
