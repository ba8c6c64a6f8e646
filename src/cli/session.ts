/**
 * One run from outside in: id, history, the stamp on every event, the renderers behind one reducer, interrupts, and
 * the exit code. Verbs get a context to work with and give back how it ended.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { TaskTypes } from '../plan/probe.ts';
import type { Connector, Target } from '../remote/remote.ts';
import { plainLine } from '../render/plain.ts';
import type { BareEvent, RunEvent } from '../report/event.ts';
import { emptyRunState, type RunState, reduce } from '../report/run-state.ts';
import type { RunContext } from '../run/context.ts';
import { openHistory, type RunHistory, type RunRecord, stateFolder } from '../run/history.ts';
import type { Output } from './output.ts';

export type Progress = 'auto' | 'tty' | 'plain' | 'jsonl' | 'quiet';

export interface SessionOrder {
  readonly output: Output;
  readonly progress: Progress;
  readonly forks: number;
  readonly guard: 'on' | 'off';
  readonly breakLock?: string;
  readonly commandTimeoutSeconds: number;
  readonly connector: Connector;
  readonly targets: ReadonlyMap<string, Target>;
  readonly types: TaskTypes;
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
  /** The last event; lets go of signals and timers. */
  finish(exit: number): void;
}

/** A waiting run says what it waits for this often, so that CI does not kill it. */
const heartbeatMs = 30_000;

export function openSession(order: SessionOrder): Session {
  const { run, owner, record } = order;
  const startedMs = Date.now();
  const history = record === undefined ? undefined : openHistory(stateFolder(process.env), record);
  const stop = new AbortController();
  let state: RunState = emptyRunState;
  const remember = remembering(history, order.output);
  const emit = (bare: BareEvent): void => {
    const event = { ...bare, v: 1, at: new Date().toISOString(), run } as RunEvent;
    remember(event);
    state = reduce(state, event);
    show(event, order);
  };
  const heartbeat = setInterval(() => beat(state, order), heartbeatMs).unref();
  const forget = onInterrupt(stop, order.output);
  return {
    history,
    state: () => state,
    interrupted: () => stop.signal.aborted,
    finish: (exit) => {
      clearInterval(heartbeat);
      forget();
      emit({ type: 'run-finished', exit, seconds: (Date.now() - startedMs) / 1000 });
    },
    context: {
      run,
      owner,
      types: order.types,
      connector: order.connector,
      targets: order.targets,
      emit,
      limit: pLimit(order.forks),
      stop: stop.signal,
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

function show(event: RunEvent, { progress, output }: SessionOrder): void {
  if (progress === 'jsonl') output.result(`${JSON.stringify(event)}\n`);
  else if (progress !== 'quiet') {
    const line = plainLine(event, output.tellColours);
    if (line !== undefined) output.tell(`${line}\n`);
  }
}

function beat(state: RunState, { progress, output }: SessionOrder): void {
  const waiting = [...state.hosts.values()].filter(({ phase }) => phase === 'running' || phase === 'guarded');
  if (waiting.length === 0 || progress === 'quiet' || progress === 'jsonl') return;
  const names = waiting
    .slice(0, 5)
    .map(({ host }) => host)
    .join(' ');
  output.tell(`waiting: ${names}${waiting.length > 5 ? ` and ${waiting.length - 5} more` : ''}\n`);
}

/** First signal: begin nothing new. Second: leave at once, the guards on the hosts still hold. */
function onInterrupt(stop: AbortController, output: Output): () => void {
  const listener = (): void => {
    if (stop.signal.aborted) process.exit(99);
    output.tell(
      '\ninterrupted: hosts in flight finish or roll back; once more leaves at once, the guards still hold\n',
    );
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
