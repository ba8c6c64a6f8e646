/**
 * How a run is shown while it goes on: one of four ways, chosen once. Each is fed every event and the state after it;
 * the end of the run (recap, --json) is not theirs.
 */
import type { Plan } from '../plan/plan.ts';
import { heartbeatLine, plainLine } from '../render/plain.ts';
import type { RunEvent } from '../report/event.ts';
import { emptyRunState, type RunState } from '../report/run-state.ts';
import type { Progress } from './flags.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage.ts';

export interface Display {
  event(event: RunEvent, state: RunState): void;
  /** Questions are over, hosts are begun: from here on a display may take the terminal. */
  begin(plan: Plan): Promise<void>;
  /** Gives everything back; may be called twice and from a signal. */
  end(): void;
}

/** What keys can ask of the run. */
export interface Controls {
  /** As the first Ctrl-C: begin no further host. */
  stop(): void;
  /** As a Ctrl-C: the second one leaves. */
  interrupt(): void;
  isStopping(): boolean;
  readonly hold: { toggle(): void; state(): 'no' | 'asked' | 'holding' };
}

export interface DisplayOrder {
  readonly progress: Progress;
  readonly output: Output;
  readonly controls: Controls;
  /** The moment to show: now, or that of a recording. */
  readonly nowMs?: () => number;
}

/** A waiting run says what it waits for this often, so that CI does not kill it. */
const heartbeatMs = 30_000;

export function openDisplay(order: DisplayOrder): Display {
  const { progress, output } = order;
  const way = progress === 'auto' ? (hasLiveTerminal() ? 'tty' : 'plain') : progress;
  if (way === 'jsonl') return silent((event) => output.result(`${JSON.stringify(event)}\n`));
  if (way === 'quiet') return silent(() => undefined);
  if (way === 'plain') return plain(output);
  requireTerminal();
  return takesTerminal(order);
}

/** Where `auto` draws: a terminal of some size that can move its cursor, and not in CI. */
export function hasLiveTerminal(): boolean {
  const { stderr, env } = process;
  const { TERM: term = 'dumb', CI: ci = '' } = env;
  const inCi = ci !== '' && ci !== '0' && ci !== 'false';
  return stderr.isTTY && stderr.rows >= 6 && stderr.columns >= 40 && term !== 'dumb' && !inCi;
}

export function requireTerminal(): void {
  const { stderr, env } = process;
  if (stderr.isTTY && (env['TERM'] ?? 'dumb') !== 'dumb' && stderr.rows > 0) return;
  throw new UsageError(
    '--progress tty needs a terminal on stderr that can move its cursor',
    '--progress plain tells the same, one line a change',
  );
}

function silent(event: (event: RunEvent) => void): Display {
  return { event, begin: () => Promise.resolve(), end: () => undefined };
}

function plain(output: Output): Display {
  let newest: RunState | undefined;
  const heartbeat = setInterval(() => {
    const line = newest === undefined ? undefined : heartbeatLine(newest, Date.now());
    if (line !== undefined) output.tell(`${line}\n`);
  }, heartbeatMs).unref();
  return {
    event: (event, state) => {
      newest = state;
      const line = plainLine(event, output.tellColours);
      if (line !== undefined) output.tell(`${line}\n`);
    },
    begin: () => Promise.resolve(),
    end: () => clearInterval(heartbeat),
  };
}

/** Plain lines until the questions are over, then the interface. Ink is loaded only now. */
function takesTerminal(order: DisplayOrder): Display {
  const before = plain(order.output);
  let live: Display | undefined;
  let newest = emptyRunState;
  return {
    event: (event, state) => {
      newest = state;
      (live ?? before).event(event, state);
    },
    begin: async (plan) => {
      const { liveDisplay } = await import('./live-display.ts');
      before.end();
      live = liveDisplay({ ...order, plan, state: newest });
    },
    end: () => (live ?? before).end(),
  };
}
