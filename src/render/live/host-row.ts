/** The row of one host: mark, name, the guard's countdown first of all, a tick for each step, what it is at now. */
import { type HostState, isBad } from '../../report/host-state.ts';
import { isAtWork } from '../../report/standing.ts';
import { visibleLine } from '../visible.ts';
import { type Line, padText, type Span, span } from './line.ts';
import { markOf } from './symbols.ts';
import { clock, type LiveView } from './view.ts';

export function hostRow(host: HostState, view: LiveView, nameWidth: number): Line {
  const { symbols, choice } = view;
  const { name, tone } = markOf(host);
  const under = choice.cursor === host.host;
  return [
    span(under ? symbols.cursor : ' ', 'bold'),
    span(`${symbols[name]} `, tone),
    span(padText(visibleLine(host.host), nameWidth), under ? 'bold' : 'plain'),
    span('  '),
    ...(isAtWork(host) ? atWork(host, view) : atRest(host, view)),
  ];
}

/** Seconds until the host goes back by itself, or undefined where no guard is armed. */
export function guardLeftMs({ guardSeconds, guardedAt }: HostState, nowMs: number): number | undefined {
  if (guardSeconds === undefined || guardSeconds === 0 || guardedAt === undefined) return undefined;
  return Date.parse(guardedAt) + guardSeconds * 1000 - nowMs;
}

function atWork(host: HostState, view: LiveView): readonly Span[] {
  const left = guardLeftMs(host, view.nowMs);
  const since = host.startedAt === undefined ? 0 : view.nowMs - Date.parse(host.startedAt);
  return [
    ...(left === undefined ? [] : [span(`guard ${clock(left)}`, 'alarm'), span('  ')]),
    ...ticks(host, view),
    span(doing(host)),
    span(`  ${clock(since)}`, 'dim'),
  ];
}

/** One tick a step: done, failed, at it, to come. */
function ticks({ ended, tasks }: HostState, { symbols, tick }: LiveView): readonly Span[] {
  const spinner = symbols.spinner[tick % symbols.spinner.length] ?? symbols.runs;
  const done = ended.map(({ code }) =>
    code === 0 ? span(symbols.changed, 'good') : span(symbols.failed, 'bad'),
  );
  const rest = Math.max(0, tasks.length - ended.length - 1);
  return [...done, span(spinner, 'busy'), span(symbols.waits.repeat(rest), 'dim'), span('  ')];
}

function doing({ ended, tasks, phase }: HostState): string {
  const task = tasks[ended.length];
  if (ended.some(({ code }) => code !== 0)) return 'goes back';
  if (task !== undefined) return visibleLine(task);
  if (tasks.length === 0) return 'at work';
  return phase === 'guarded' ? 'a new connection looks at it again' : 'looked at again';
}

function atRest({ result, failure, phase, draining, log }: HostState, { isOver }: LiveView): readonly Span[] {
  if (result === undefined && isOver === true) return [span('not reached', 'dim')];
  if (result === undefined) return [span(phase === 'probing' ? 'not seen yet' : 'waits', 'dim')];
  if (!isBad(result)) {
    const rest = draining === undefined ? [] : [span(`  draining: ${visibleLine(draining)}${before(log)}`)];
    return [span(result, result === 'skipped' ? 'dim' : 'good'), ...rest];
  }
  const where = failure?.task === undefined ? '' : `${visibleLine(failure.task)}: `;
  const words = [failure?.message, failure?.said].filter((text) => text !== undefined).map(visibleLine);
  return [span(result, 'bad'), span(`  ${where}${words.join(': ')}`)];
}

/** What a drain began with, once it has fallen. */
function before(log: HostState['log']): string {
  const counts = log.flatMap((event) =>
    event.type === 'drain-progress' && event.connections !== null ? [event.connections] : [],
  );
  const most = Math.max(0, ...counts);
  return most > (counts.at(-1) ?? 0) ? `, ${most} before` : '';
}
