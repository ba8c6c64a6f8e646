/**
 * One line for each change of state, with host and time, for pipes, CI and logs. No escape codes that move anything.
 */
import type { RunEvent } from '../report/event.ts';
import type { RunState } from '../report/run-state.ts';
import { isAtWork } from '../report/standing.ts';
import type { Palette } from './palette.ts';
import { visibleLine } from './visible.ts';

/** The line of an event, or undefined where there is nothing to say. */
export function plainLine(event: RunEvent, colours: Palette): string | undefined {
  const text = words(event, colours);
  return text === undefined ? undefined : `${colours.dim(event.at.slice(11, 19))} ${text}`;
}

function words(event: RunEvent, colours: Palette): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `run ${event.run}: ${event.command} ${event.inventory} on ${hostCount(event.hosts)}`;
    case 'host-probed':
      return event.result === 'seen'
        ? undefined
        : colours.red(`[${event.host}] ${event.result}: ${visibleLine(event.message ?? '')}`);
    case 'play-started':
      return `play ${visibleLine(event.play)}`;
    case 'batch-started':
      return event.batches === 1
        ? undefined
        : `batch ${event.batch}/${event.batches}: ${hostCount(event.hosts)}`;
    case 'task-finished':
      return `[${event.host}] ${visibleLine(event.task)} ${event.code === 0 ? 'done' : colours.red(`failed, exit ${event.code}`)}`;
    case 'guard-armed':
      return `[${event.host}] guard armed, rolls back after ${event.seconds} s without us`;
    case 'guard-settled':
      return `[${event.host}] ${event.state}`;
    case 'host-finished':
      return event.result === 'ok' ? undefined : hostLine(event, colours);
    case 'drain-progress':
      return `[${event.host}] draining: ${held(event)}, at most ${event.deadline} s`;
    case 'drain-finished':
      return `[${event.host}] ${drainEnd(event)}`;
    case 'taking-back':
      return colours.red(`taking back (on_failure: ${event.why}): ${hostCount(event.hosts)}`);
    case 'run-died':
    case 'run-taken-back':
      return undefined;
    case 'run-stopped':
      return colours.red(`stopped: ${event.why}`);
    case 'note':
      return `${event.host === undefined ? '' : `[${event.host}] `}${visibleLine(event.message)}`;
    case 'draining':
      return `[${event.host}] ${event.what} draining, ${connections(event.connections)}, at most ${event.secondsLeft} s`;
    case 'drained':
      return `[${event.host}] ${drained(event)}`;
    // The plan itself is printed, folded.
    case 'plan-warning':
    case 'plan-made':
    case 'host-started':
    case 'run-finished':
      return undefined;
  }
}

/** What a run waits for, or undefined when no host is at work. */
export function heartbeatLine({ hosts }: RunState, nowMs: number): string | undefined {
  const working = [...hosts.values()].filter(isAtWork);
  if (working.length === 0) return undefined;
  const names = working.slice(0, 5).map(({ host, tasks, ended, startedAt }) => {
    const task = tasks[ended.length];
    const since = startedAt === undefined ? '' : ` ${Math.round((nowMs - Date.parse(startedAt)) / 1000)} s`;
    return `${host}${task === undefined ? '' : ` ${visibleLine(task)}`}${since}`;
  });
  const more = working.length > 5 ? ` and ${working.length - 5} more` : '';
  return `${new Date(nowMs).toISOString().slice(11, 19)} waiting: ${names.join(', ')}${more}`;
}

function held({ connections, gateway, counted }: Extract<RunEvent, { type: 'drain-progress' }>): string {
  const where = `on ${visibleLine(gateway)}`;
  if (connections === null) return `connections ${where}, which nobody can count`;
  return `${connectionCount(connections)} ${where}${counted === 'host' ? ' (as the host itself counts)' : ''}`;
}

function drainEnd({
  how,
  connections,
  gateway,
  message,
}: Extract<RunEvent, { type: 'drain-finished' }>): string {
  if (how === 'empty') return `drained: nothing is left on ${visibleLine(gateway)}`;
  const count = connections === null ? 'an unknown number of connections' : connectionCount(connections);
  if (how === 'cut') return `drain ended at its deadline: ${count} through ${visibleLine(gateway)} cut`;
  const why = message === undefined ? 'the deadline is over' : visibleLine(message);
  return `still draining: ${count} stay pinned to ${visibleLine(gateway)} (${why}); the next apply carries on`;
}

function connectionCount(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`;
}

function hostCount({ length }: readonly string[]): string {
  return length === 1 ? '1 host' : `${length} hosts`;
}

function drained({ what, how, connections: left }: Extract<RunEvent, { type: 'drained' }>): string {
  if (how === 'ended') return `${what} has no connections any more`;
  if (how === 'cut') return `${what} cut at the deadline: ${connections(left)} broke`;
  return `${what} still draining, ${connections(left)}: the next apply carries on`;
}

function connections(count: number | null): string {
  if (count === null) return 'its connections cannot be counted';
  return count === 1 ? '1 connection' : `${count} connections`;
}

function hostLine(event: Extract<RunEvent, { type: 'host-finished' }>, colours: Palette): string {
  const text = `[${event.host}] ${event.result}${event.message === undefined ? '' : `: ${visibleLine(event.message)}`}`;
  return event.result === 'changed' ? colours.green(text) : colours.red(text);
}
