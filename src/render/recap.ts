/**
 * The last lines of a run: failures with host, task, what the host said, what happens next, and where in the user's
 * file it came from; then one line of counts that is always true.
 */
import { type HostResult, hostResults } from '../report/event.ts';
import { countResults, type HostState, type RunState } from '../report/run-state.ts';
import type { Palette } from './palette.ts';
import { visibleLine, visibleText } from './visible.ts';
import { whereaboutsLines } from './whereabouts.ts';

/** At most this many failures are told in full; the run's files have the rest. */
const fullFailures = 8;

export function recapText(state: RunState, colours: Palette): string {
  const failures = [...state.hosts.values()].filter(({ failure }) => failure !== undefined);
  const rest = failures.length - fullFailures;
  return [
    ...failures.slice(0, fullFailures).flatMap((host) => failureLines(host, colours)),
    ...(rest > 0
      ? [
          `... and ${rest} more: ${failures
            .slice(fullFailures)
            .map(({ host }) => host)
            .join(' ')}`,
        ]
      : []),
    ...(state.stopped === undefined
      ? []
      : [colours.red(`stopped: ${visibleLine(state.stopped)}`), ...whereaboutsLines(state)]),
    countLine(state),
    '',
  ].join('\n');
}

/** `4 hosts: 3 changed, 1 failed, 2.1 s`. */
export function countLine(state: RunState): string {
  const counts = countResults(state);
  const none = [...state.hosts.values()].filter(({ result }) => result === undefined).length;
  const parts = hostResults
    .filter((result) => counts[result] > 0)
    .map((result: HostResult) => `${counts[result]} ${result}`);
  if (none > 0) parts.push(`${none} not reached`);
  const seconds = state.finished === undefined ? '' : `, ${state.finished.seconds.toFixed(1)} s`;
  return `${state.hosts.size} ${state.hosts.size === 1 ? 'host' : 'hosts'}: ${parts.join(', ') || 'none'}${seconds}`;
}

function failureLines({ host, failure }: HostState, colours: Palette): readonly string[] {
  if (failure === undefined) return [];
  const task = failure.task === undefined ? '' : ` in '${visibleLine(failure.task)}'`;
  const said = failure.said === undefined ? [] : visibleText(failure.said).trim().split('\n').slice(-4);
  const { place } = failure;
  return [
    colours.red(`${host} ${failure.result}${task}: ${visibleLine(failure.message ?? '')}`),
    ...said.map((line) => `    ${line}`),
    ...(place === undefined ? [] : [`    from ${place.file}:${place.line}:${place.col}`]),
    ...(failure.next === undefined ? [] : [`    ${visibleLine(failure.next)}`]),
  ];
}
