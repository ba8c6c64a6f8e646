/** The first line (which run, how long, what it waits for) and the last two: counts that are always true, and the keys. */
import { hostResults } from '../../report/event.ts';
import { standingOf } from '../../report/standing.ts';
import { visibleLine } from '../visible.ts';
import { columns, type Line, type Span, span } from './line.ts';
import { clock, type LiveView } from './view.ts';

export function headLine({ state, nowMs, hold, stopping }: LiveView): Line {
  const { command, inventory, batch, startedAt } = state;
  const since = startedAt === '' ? 0 : nowMs - Date.parse(startedAt);
  const file = inventory.split('/').at(-1) ?? '';
  return [
    span(`${command} ${visibleLine(file)}`, 'bold'),
    span(`  ${clock(since)}`),
    ...warning(hold, stopping, state.stopped),
    ...(batch === undefined || batch.batches < 2 ? [] : [span(`  batch ${batch.batch}/${batch.batches}`)]),
    ...(batch === undefined ? [] : [span(`  ${visibleLine(batch.play)}`, 'dim')]),
  ];
}

function warning(hold: LiveView['hold'], stopping: boolean, stopped: string | undefined): readonly Span[] {
  if (stopping) return [span('  stopping: hosts in flight finish or go back', 'bad')];
  if (stopped !== undefined) return [span(`  stopped: ${visibleLine(stopped)}`, 'bad')];
  if (hold === 'holding') return [span('  PAUSED before the next batch: p goes on', 'busy')];
  return hold === 'asked' ? [span('  pauses before the next batch', 'busy')] : [];
}

/**
 * `400 hosts: 159 changed, 1 failed, 32 running, 208 waiting`: the numbers add up to the hosts, at every moment. Where
 * the words do not fit, the marks of the strip stand for them: a count that is cut off would be a lie.
 */
export function countsLine({ state, symbols }: LiveView, width: number): Line {
  const { results, running, waiting } = standingOf(state);
  const parts: [string, string, number][] = hostResults.map((result) => [
    result,
    symbols[result],
    results[result],
  ]);
  parts.push(['running', symbols.runs, running], ['waiting', symbols.waits, waiting]);
  const told = parts.filter(([, , count]) => count > 0);
  const { size } = state.hosts;
  const words = `${size} ${size === 1 ? 'host' : 'hosts'}: ${told.map(([word, , count]) => `${count} ${word}`).join(', ')}`;
  const short = `${size}: ${told.map(([, symbol, count]) => `${count}${symbol}`).join(' ')}`;
  return [span(columns(words) <= width ? words : short, 'bold')];
}

export function keysLine({ keys, choice, symbols, hold, stopping }: LiveView): Line {
  if (keys === 'no') return [];
  if (stopping) return [span('ctrl-c again leaves at once; the guards on the hosts hold', 'dim')];
  if (choice.help) return [span('any key: back', 'dim')];
  const words = [
    `${symbols.upDown} host`,
    `${symbols.enter} open`,
    choice.only === 'failures' ? 'f all' : 'f failures',
    hold === 'no' ? 'p pause' : 'p go on',
    'q stop',
    '? help',
  ];
  return [span(words.join(symbols.dot), 'dim')];
}
