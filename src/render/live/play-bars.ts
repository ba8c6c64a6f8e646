/** One line a play: its name, a bar over its hosts, the batch, and how many hosts are not as wanted. */
import type { PlayState } from '../../report/run-state.ts';
import { visibleLine } from '../visible.ts';
import { columns, cutLine, type Line, padText, type Span, span, textOf } from './line.ts';
import type { Symbols } from './symbols.ts';
import type { LiveView } from './view.ts';

export function playBars({ state, symbols }: LiveView, width: number): readonly Line[] {
  const names = state.plays.map(({ name }) => columns(visibleLine(name)));
  const nameWidth = Math.min(Math.max(8, ...names), Math.floor(width / 3));
  const barWidth = Math.max(6, Math.min(30, width - nameWidth - 32));
  const short = (name: string): string => textOf(cutLine([span(visibleLine(name))], nameWidth, symbols.more));
  const digits = Math.max(1, ...state.plays.map(({ hosts }) => String(hosts).length));
  return state.plays.map((play, index) => [
    span(padText(short(play.name), nameWidth), index === state.playing ? 'bold' : 'dim'),
    span('  '),
    ...bar(play, barWidth, symbols),
    span(`  ${String(play.finished).padStart(digits)}/${play.hosts}`),
    ...(play.bad > 0 ? [span(`  ${play.bad} bad`, 'bad')] : []),
    ...(index === state.playing && play.batches > 1
      ? [span(`  batch ${play.batch}/${play.batches}`, 'dim')]
      : []),
  ]);
}

function bar({ finished, bad, hosts }: PlayState, width: number, symbols: Symbols): readonly Span[] {
  const cells = (count: number): number => (hosts === 0 ? 0 : Math.floor((count / hosts) * width));
  const [done, wrong] = [cells(finished), bad === 0 ? 0 : Math.max(1, cells(bad))];
  return [
    span(symbols.full.repeat(Math.max(0, done - wrong)), 'good'),
    span(symbols.full.repeat(Math.min(wrong, width)), 'bad'),
    span(symbols.empty.repeat(Math.max(0, width - Math.max(done, wrong))), 'dim'),
  ];
}
