/**
 * The whole interface as lines: never more than `height`, never wider than `width`. Few hosts: a row each. Many: the
 * plays with their bars, a mark for each host, and rows only for hosts that need attention.
 */
import type { HostState } from '../../report/run-state.ts';
import { visibleLine } from '../visible.ts';
import { around, attention, listed } from './attention.ts';
import { countsLine, headLine, keysLine } from './edge-lines.ts';
import { helpLines, runHelp } from './help.ts';
import { hostPage } from './host-page.ts';
import { hostRow } from './host-row.ts';
import { columns, cutLine, type Line, span } from './line.ts';
import { playBars } from './play-bars.ts';
import { strip } from './strip.ts';
import { type LiveView, noChoice, type Size } from './view.ts';

/** The strip takes this much of the interface at most, or the hosts in trouble would have no room. */
const stripLines = 6;
/** Of many hosts: so many rows are for news, the empty one among them, where there are at least so many. */
const [newsRows, newsFrom] = [4, 18];

export function frame(view: LiveView, { width, height }: Size): readonly Line[] {
  if (height < 4) return [cutLine(countsLine(view, width), width, view.symbols.more)];
  const middle = filled(middleLines(view, { width, height: middleHeight(view, height) }), view, height);
  const lines = [headLine(view), ...middle, countsLine(view, width), keysLine(view)];
  return [...lines, ...newsLines(view, height - lines.length)]
    .filter((line) => line.length > 0)
    .slice(0, Math.max(0, height))
    .map((line) => cutLine(line, width, view.symbols.more));
}

/** With many hosts the rows come and go all the time: what is below them stays where it is. */
function filled(lines: readonly Line[], view: LiveView, height: number): readonly Line[] {
  const { help, page, only } = view.choice;
  const rows = middleHeight(view, height);
  if (help || page !== undefined || only === 'failures' || view.state.hosts.size <= rows) return lines;
  return [...lines, ...Array.from({ length: Math.max(0, rows - lines.length) }, (): Line => [span('')])];
}

/** With many hosts the newest words would find no room. */
function middleHeight({ news, state }: LiveView, height: number): number {
  const middle = Math.max(0, height - 3);
  return news.length > 0 && middle >= newsFrom && state.hosts.size > middle ? middle - newsRows : middle;
}

/** Under the rest, so that nothing moves when there is something new. */
function newsLines({ news, choice: { help, page } }: LiveView, room: number): readonly Line[] {
  if (help || page !== undefined || news.length === 0 || room < 2) return [];
  return [[span('')], ...news.slice(1 - room)];
}

/** What stays on the screen when the run is over: the hosts, or the plays where there are too many. */
export function lastFrame(view: LiveView, { width, height }: Size): readonly Line[] {
  const settled: LiveView = {
    ...view,
    choice: noChoice,
    isOver: true,
    state: { ...view.state, playing: -1 },
  };
  return middleLines(settled, { width, height: Math.max(0, height - 3) }).map((line) =>
    cutLine(line, width, view.symbols.more),
  );
}

function middleLines(view: LiveView, size: Size): readonly Line[] {
  const { help, page, only } = view.choice;
  if (help) return helpLines(runHelp(view.symbols), size);
  if (page !== undefined) return hostPage(view, page, size.height).slice(0, size.height);
  if (only === 'failures') return hostRows(view, listed(view.state, view.choice), size.height);
  if (view.state.hosts.size <= size.height)
    return hostRows(view, [...view.state.hosts.values()], size.height);
  return manyHosts(view, size);
}

function manyHosts(view: LiveView, { width, height }: Size): readonly Line[] {
  const bars = playBars(view, width).slice(0, Math.max(1, Math.floor(height / 3)));
  const marks = strip(view, width, Math.min(stripLines, Math.floor((height - bars.length) / 2)));
  const rows = height - bars.length - marks.length;
  const { cursor } = view.choice;
  const hosts =
    cursor === undefined ? attention(view, rows) : around(listed(view.state, view.choice), cursor, rows);
  return [...bars, ...marks, ...rowsOf(view, hosts)];
}

function hostRows(view: LiveView, hosts: readonly HostState[], rows: number): readonly Line[] {
  if (hosts.length === 0) return [[span('  no host has failed', 'dim')]];
  return rowsOf(view, around(hosts, view.choice.cursor, rows));
}

function rowsOf(view: LiveView, hosts: readonly HostState[]): readonly Line[] {
  const width = Math.min(24, Math.max(0, ...hosts.map(({ host }) => columns(visibleLine(host)))));
  return hosts.map((host) => hostRow(host, view, width));
}
