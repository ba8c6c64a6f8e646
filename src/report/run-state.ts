/**
 * The one reducer: events in, the state of a run out. Every renderer, the recap and the exit code read this state, so
 * they cannot disagree. A host that goes through several plays keeps its worst result.
 */
import type { HostResult, RunEvent } from './event.ts';

export interface HostState {
  readonly host: string;
  readonly phase: 'waiting' | 'probing' | 'running' | 'guarded' | 'finished';
  readonly result: HostResult | undefined;
  readonly play: string | undefined;
  readonly task: string | undefined;
  readonly guardSeconds: number | undefined;
  readonly failure: Extract<RunEvent, { type: 'host-finished' }> | undefined;
  /** A change was begun on this host, whatever came of it. */
  readonly touched: boolean;
  /** A change of it was confirmed and stands, even if a later play failed or was rolled back. */
  readonly kept: boolean;
}

export interface RunState {
  readonly run: string;
  readonly command: string;
  readonly startedAt: string;
  readonly hosts: ReadonlyMap<string, HostState>;
  readonly plan: Extract<RunEvent, { type: 'plan-made' }> | undefined;
  readonly batch: Extract<RunEvent, { type: 'batch-started' }> | undefined;
  readonly stopped: string | undefined;
  readonly notes: readonly string[];
  readonly finished: Extract<RunEvent, { type: 'run-finished' }> | undefined;
}

export const emptyRunState: RunState = {
  run: '',
  command: '',
  startedAt: '',
  hosts: new Map(),
  plan: undefined,
  batch: undefined,
  stopped: undefined,
  notes: [],
  finished: undefined,
};

/** From best to worst; a host keeps the worst. */
const severity: readonly HostResult[] = [
  'skipped',
  'ok',
  'changed',
  'unreachable',
  'rolled-back',
  'failed',
  'unknown',
];

export function reduce(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'run-started':
      return {
        ...state,
        run: event.run,
        command: event.command,
        startedAt: event.at,
        hosts: new Map(event.hosts.map((host) => [host, fresh(host)])),
      };
    case 'plan-made':
      return { ...state, plan: event };
    case 'batch-started':
      return { ...state, batch: event };
    case 'run-stopped':
      return { ...state, stopped: event.why };
    case 'note':
      return { ...state, notes: [...state.notes, event.message] };
    case 'run-finished':
      return { ...state, finished: event };
    case 'play-started':
    case 'plan-warning':
      return state;
    default:
      return withHost(state, event);
  }
}

type HostEvent = Extract<
  RunEvent,
  {
    type:
      | 'host-probed'
      | 'host-started'
      | 'task-finished'
      | 'guard-armed'
      | 'guard-settled'
      | 'host-finished';
  }
>;

/** The map is changed in place: with thousands of hosts a copy for each event would be quadratic. */
function withHost(state: RunState, event: HostEvent): RunState {
  const before = state.hosts.get(event.host) ?? fresh(event.host);
  const hosts = state.hosts === emptyRunState.hosts ? new Map<string, HostState>() : state.hosts;
  (hosts as Map<string, HostState>).set(event.host, nextHost(before, event));
  return { ...state, hosts };
}

function nextHost(host: HostState, event: HostEvent): HostState {
  switch (event.type) {
    case 'host-probed':
      return { ...host, phase: event.result === 'seen' ? 'waiting' : host.phase };
    case 'host-started':
      return { ...host, phase: 'running', play: event.play };
    case 'task-finished':
      return { ...host, task: event.task, touched: true };
    case 'guard-armed':
      return { ...host, phase: 'guarded', guardSeconds: event.seconds, touched: true };
    case 'guard-settled':
      return { ...host, phase: 'running', guardSeconds: undefined, touched: true };
    case 'host-finished':
      return finished(host, event);
  }
}

function finished(host: HostState, event: Extract<RunEvent, { type: 'host-finished' }>): HostState {
  const worse = host.result === undefined || severity.indexOf(event.result) > severity.indexOf(host.result);
  const failed = severity.indexOf(event.result) >= severity.indexOf('unreachable');
  return {
    ...host,
    phase: 'finished',
    play: event.play,
    result: worse ? event.result : host.result,
    failure: failed && worse ? event : host.failure,
    touched: host.touched || ['changed', 'rolled-back', 'unknown'].includes(event.result),
    kept: host.kept || event.result === 'changed',
  };
}

function fresh(host: string): HostState {
  return {
    host,
    phase: 'probing',
    result: undefined,
    play: undefined,
    task: undefined,
    guardSeconds: undefined,
    failure: undefined,
    touched: false,
    kept: false,
  };
}

/** How many hosts ended how; hosts without a result count as skipped once the run is over. */
export function countResults(state: RunState): Readonly<Record<HostResult, number>> {
  const counts = { ok: 0, changed: 0, skipped: 0, unreachable: 0, failed: 0, 'rolled-back': 0, unknown: 0 };
  for (const { result } of state.hosts.values()) if (result !== undefined) counts[result] += 1;
  return counts;
}
