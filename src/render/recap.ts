/**
 * The last lines of a run: failures with host, task, what the host said, what happens next, and where in the user's
 * file it came from; then one line of counts that is always true.
 */
import { type HostResult, hostResults } from '../report/event.ts';
import { whereWord } from '../report/run-outcome.ts';
import { countResults, type HostState, type RunState } from '../report/run-state.ts';
import type { Palette } from './palette.ts';
import { visibleLine, visibleText } from './visible.ts';
import { whereaboutsLines } from './whereabouts.ts';

/** The end must fit on a small screen; a failure is told with the host's last words, its place, and what is next. */
const recapRoom = 20;
const linesOfFailure = 4;
/** What a host said is cut here: a line of megabytes is no story. */
const saidWidth = 200;

/** `next`: what can be typed now; left out where somebody else says it. */
export function recapText(state: RunState, colours: Palette, next: 'told' | 'left out' = 'told'): string {
  const failures = foldedFailures(state);
  const end = [
    ...stopLines(state, colours),
    ...(next === 'told' ? nextLine(state, failures.length) : []),
    countLine(state),
  ];
  const free = recapRoom - end.length - 1;
  const told = Math.max(1, Math.floor(free / linesOfFailure));
  const shown = failures.slice(-told);
  const rest = failures.slice(0, -told).reduce((count, { hosts }) => count + hosts.length, 0);
  const more = rest > 0 ? [`${rest} more failed before these; gwfleet runs show ${state.run} has them`] : [];
  const room = Math.max(1, Math.floor(free / Math.max(1, shown.length)));
  return [...more, ...shown.flatMap((failure) => failureLines(failure, { room, colours })), ...end, ''].join(
    '\n',
  );
}

function stopLines(state: RunState, colours: Palette): readonly string[] {
  if (state.stopped === undefined) return [];
  return [colours.red(`stopped: ${visibleLine(state.stopped)}`), ...whereaboutsLines(state, 'short')];
}

/** What can be typed now. */
function nextLine({ run, stopped, finished }: RunState, failures: number): readonly string[] {
  if (finished === undefined || (failures === 0 && stopped === undefined)) return [];
  return [`next: gwfleet runs resume ${run}   or, to see all of it: gwfleet runs show ${run}`];
}

/** `4 hosts: 3 changed, 1 failed, 2.1 s`. */
export function countLine(state: RunState): string {
  const counts = countResults(state);
  const without = [...state.hosts.values()].filter(({ result }) => result === undefined).map(whereWord);
  const parts = hostResults
    .filter((result) => counts[result] > 0)
    .map((result: HostResult) => `${counts[result]} ${result}`);
  for (const word of ['in flight', 'not reached'] as const) {
    const count = without.filter((one) => one === word).length;
    if (count > 0) parts.push(`${count} ${word}`);
  }
  const seconds = state.finished === undefined ? '' : `, ${state.finished.seconds.toFixed(1)} s`;
  return `${state.hosts.size} ${state.hosts.size === 1 ? 'host' : 'hosts'}: ${parts.join(', ') || 'none'}${seconds}`;
}

interface FoldedFailure {
  readonly failure: NonNullable<HostState['failure']>;
  readonly hosts: readonly string[];
}

/** The same failure of many hosts is told once. */
function foldedFailures({ hosts }: RunState): readonly FoldedFailure[] {
  const folded = new Map<string, { failure: FoldedFailure['failure']; hosts: string[] }>();
  for (const { host, failure } of hosts.values()) {
    if (failure === undefined) continue;
    const { result, task, message, said, place, next } = failure;
    const key = JSON.stringify([result, task, message, said, place, next]);
    const there = folded.get(key);
    if (there === undefined) folded.set(key, { failure, hosts: [host] });
    else there.hosts.push(host);
  }
  return [...folded.values()];
}

function failureLines(
  { failure, hosts }: FoldedFailure,
  { room, colours }: { readonly room: number; readonly colours: Palette },
): readonly string[] {
  const task = failure.task === undefined ? '' : ` in '${visibleLine(failure.task)}'`;
  const said = failure.said === undefined ? [] : visibleText(failure.said).trim().split('\n').slice(-4);
  const { place } = failure;
  const detail = [
    ...said.map((line) => `    ${line.length > saidWidth ? `${line.slice(0, saidWidth)} ...` : line}`),
    ...(place === undefined ? [] : [`    from ${place.file}:${place.line}:${place.col}`]),
    ...(failure.next === undefined ? [] : [`    ${visibleLine(failure.next)}`]),
  ];
  const message = failure.message === undefined ? '' : `: ${visibleLine(failure.message)}`;
  return [
    colours.red(`${namesOf(hosts)} ${failure.result}${task}${message}`),
    // The place and what to do come last and are kept; the host's first words go first.
    ...detail.slice(1 - room),
  ];
}

function namesOf(hosts: readonly string[]): string {
  const shown = hosts.slice(0, 6).join(' ');
  return hosts.length > 6 ? `${shown} and ${hosts.length - 6} more` : shown;
}
