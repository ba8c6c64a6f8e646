/**
 * What is known of one host in a run, from its events. A host that goes through several plays keeps its worst result;
 * its steps and its guard are those of the current play.
 */
import type { HostResult, RunEvent } from './event.ts';

export interface HostState {
  readonly host: string;
  readonly phase: 'waiting' | 'probing' | 'running' | 'guarded' | 'finished';
  readonly result: HostResult | undefined;
  readonly play: string | undefined;
  readonly task: string | undefined;
  /** What its part of the current play will carry out, in order; empty when nobody said. */
  readonly tasks: readonly string[];
  /** How the steps of its part of the current play ended, so far. */
  readonly ended: readonly StepEnd[];
  /** When its part of the current play began; undefined before. */
  readonly startedAt: string | undefined;
  readonly guardSeconds: number | undefined;
  /** When the guard was armed: with `guardSeconds`, when the host would go back. */
  readonly guardedAt: string | undefined;
  /** What the host waits for: `203.0.113.15: 37`, `37 connections on gw2`. */
  readonly draining: string | undefined;
  readonly failure: Extract<RunEvent, { type: 'host-finished' }> | undefined;
  /** A change was begun on this host, whatever came of it. */
  readonly touched: boolean;
  /** How many plays' changes of it were confirmed and stand, even if a later play failed or was rolled back. */
  readonly kept: number;
  /** Everything that was told of this host, in order. */
  readonly log: readonly HostEvent[];
}

export interface StepEnd {
  readonly task: string;
  readonly code: number;
}

export type HostEvent = Extract<
  RunEvent,
  {
    type:
      | 'host-probed'
      | 'host-started'
      | 'task-finished'
      | 'guard-armed'
      | 'guard-settled'
      | 'draining'
      | 'drained'
      | 'drain-progress'
      | 'drain-finished'
      | 'host-finished';
  }
>;

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

/** The host after an event of its own. */
export function nextHost(host: HostState, event: HostEvent): HostState {
  switch (event.type) {
    case 'host-probed':
      return { ...host, phase: event.result === 'seen' ? 'waiting' : host.phase };
    case 'host-started':
      return {
        ...host,
        phase: 'running',
        play: event.play,
        tasks: event.tasks ?? [],
        ended: [],
        startedAt: event.at,
      };
    case 'task-finished': {
      const ended = [...host.ended, { task: event.task, code: event.code }];
      return { ...host, task: event.task, ended, touched: true };
    }
    case 'guard-armed':
      return {
        ...host,
        phase: 'guarded',
        guardSeconds: event.seconds,
        guardedAt: event.at,
        touched: true,
      };
    case 'guard-settled':
      return { ...host, phase: 'running', guardSeconds: undefined, guardedAt: undefined, touched: true };
    case 'draining':
      return { ...host, draining: `${event.what}: ${event.connections ?? 'some'}` };
    case 'drained':
      return { ...host, draining: undefined };
    case 'drain-progress':
      return { ...host, draining: `${connectionCount(event.connections)} on ${event.gateway}` };
    case 'drain-finished':
      // Its guarded change is over, and was none of a play.
      return { ...host, phase: host.result === undefined ? host.phase : 'finished', draining: undefined };
    case 'host-finished':
      return finished(host, event);
  }
}

function connectionCount(count: number | null): string {
  return count === 1 ? '1 connection' : `${count ?? 'some'} connections`;
}

function finished(host: HostState, event: Extract<RunEvent, { type: 'host-finished' }>): HostState {
  const worse = host.result === undefined || severity.indexOf(event.result) > severity.indexOf(host.result);
  return {
    ...host,
    phase: 'finished',
    play: event.play,
    guardSeconds: undefined,
    guardedAt: undefined,
    result: worse ? event.result : host.result,
    failure: isBad(event.result) && worse ? event : host.failure,
    touched: host.touched || ['changed', 'rolled-back', 'unknown'].includes(event.result),
    kept: host.kept + keptBy(event),
  };
}

function keptBy({ result, back }: Extract<RunEvent, { type: 'host-finished' }>): number {
  if (back === true) return result === 'rolled-back' ? -1 : 0;
  return result === 'changed' ? 1 : 0;
}

/** A host that nothing is known of. */
export function freshHost(host: string): HostState {
  return {
    host,
    phase: 'probing',
    result: undefined,
    play: undefined,
    task: undefined,
    tasks: [],
    ended: [],
    startedAt: undefined,
    guardSeconds: undefined,
    guardedAt: undefined,
    draining: undefined,
    failure: undefined,
    touched: false,
    kept: 0,
    log: [],
  };
}

/** A result that is not as wanted. */
export function isBad(result: HostResult): boolean {
  return severity.indexOf(result) >= severity.indexOf('unreachable');
}
