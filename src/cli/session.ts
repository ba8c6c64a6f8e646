/**
 * One run from outside in: id, history, the stamp on every event, the renderers behind one reducer, interrupts, and
 * the exit code. Verbs get a context to work with and give back how it ended.
 */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Plan } from '../plan/plan.ts';
import type { TaskTypes } from '../plan/probe.ts';
import type { Connector, Target } from '../remote/remote.ts';
import { leftBehindText } from '../render/left-behind.ts';
import type { BareEvent, RunEvent } from '../report/event.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { Redact } from '../report/redaction.ts';
import { emptyRunState, type RunState, reduce } from '../report/run-state.ts';
import type { RunContext } from '../run/context.ts';
import { openHistory, type RunHistory, type RunRecord, stateFolder } from '../run/history.ts';
import { openDisplay } from './display.ts';
import type { Progress } from './flags.ts';
import { openHold } from './hold.ts';
import type { Output } from './output.ts';
import { onSignals } from './signals.ts';

export interface SessionOrder {
  readonly output: Output;
  readonly progress: Progress;
  readonly forks: number;
  readonly guard: 'on' | 'off';
  readonly breakLock?: string;
  readonly commandTimeoutSeconds: number;
  readonly connector: Connector;
  readonly targets: ReadonlyMap<string, Target>;
  readonly gateways: ReadonlyMap<string, string>;
  readonly types: TaskTypes;
  /** Takes secrets out of every event, before anybody sees or keeps it. */
  readonly redact: Redact;
  readonly run: string;
  /** user@machine. */
  readonly owner: string;
  /** What is remembered of it; dry runs leave no folder behind. */
  readonly record: RunRecord | undefined;
}

export interface Session {
  readonly context: RunContext;
  readonly history: RunHistory | undefined;
  state(): RunState;
  interrupted(): boolean;
  /** Questions are over: an interface may take the terminal until `finish`. */
  begin(plan: Plan): Promise<void>;
  /** Gives the terminal back, also when the run broke off. */
  release(): void;
  /** The last event; lets go of signals and timers. */
  finish(exit: number): void;
}

export function openSession(order: SessionOrder): Session {
  const { run, owner, record } = order;
  const startedMs = Date.now();
  const history = record === undefined ? undefined : openHistory(stateFolder(process.env), record);
  const stop = new AbortController();
  // Each connection that is being opened listens to it, `--forks` at once.
  setMaxListeners(0, stop.signal);
  let state: RunState = emptyRunState;
  const remember = remembering(history, order.output);
  const stamped = (bare: BareEvent) =>
    ({ ...order.redact(bare), v: 1, at: new Date().toISOString(), run }) as RunEvent;
  const emit = (bare: BareEvent): void => {
    const event = stamped(bare);
    remember(event);
    state = reduce(state, event);
    display.event(event, state);
  };
  const hold = openHold();
  const interrupt = (): void => {
    if (stop.signal.aborted) leave();
    order.output.tell(
      'interrupted: hosts in flight finish or roll back; once more leaves at once, the guards still hold\n',
    );
    stop.abort();
  };
  /** Without an end of its own in the journal: the next command asks the hosts that were in flight. */
  const leave = (): never => {
    release();
    remember(stamped({ type: 'run-stopped', why: 'interrupted twice: left at once' }));
    order.output.tell(
      `left at once; the next command on this inventory asks the hosts that were in flight\n`,
    );
    order.output.tell(leftBehindText(state));
    process.exit(exitCodes.interrupted);
  };
  const display = openDisplay({
    ...order,
    controls: {
      stop: () => (stop.signal.aborted ? undefined : interrupt()),
      interrupt,
      isStopping: () => stop.signal.aborted,
      hold,
    },
  });
  const forget = onSignals(interrupt);
  const release = (): void => {
    display.end();
    forget();
    process.off('exit', broken);
  };
  /** The process ends under a run that goes on: a bug. */
  const broken = (): void => {
    release();
    order.output.tell(leftBehindText(state));
  };
  process.once('exit', broken);
  return {
    history,
    state: () => state,
    interrupted: () => stop.signal.aborted,
    begin: (plan) => display.begin(plan),
    release,
    finish: (exit) => {
      release();
      emit({ type: 'run-finished', exit, seconds: (Date.now() - startedMs) / 1000 });
    },
    context: {
      run,
      owner,
      types: order.types,
      connector: order.connector,
      targets: order.targets,
      gateways: order.gateways,
      emit,
      limit: pLimit(order.forks),
      stop: stop.signal,
      beforeBatch: () => hold.wait(stop.signal),
      commandTimeoutSeconds: order.commandTimeoutSeconds,
      guard: order.guard,
      ...(order.breakLock === undefined ? {} : { breakLock: order.breakLock }),
      nonce: () => `gwf-${randomBytes(12).toString('hex')}`,
      // A step of our own clock must not cut the patience with a host short.
      nowMs: () => performance.timeOrigin + performance.now(),
      sleep: (ms, until) => pause(ms, until),
    },
  };
}

/** An end before the time is no error. */
async function pause(ms: number, until: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, until === undefined ? {} : { signal: until }).catch(() => undefined);
}

/** A full disk here is no reason to leave hosts half-way: it is told once, and the run goes on. */
function remembering(history: RunHistory | undefined, output: Output): (event: RunEvent) => void {
  let broken = history === undefined;
  return (event) => {
    if (broken) return;
    try {
      history?.event(event);
    } catch (error) {
      broken = true;
      const why = error instanceof Error ? error.message : String(error);
      output.tell(`the run's history is cut off here: ${why}\n`);
    }
  };
}
