/**
 * A watch as the screen shows it: one sum of all, a row for each gateway with what the last looks said, who has no
 * vote, the failover that is at work, and what was told last. Never more than `height`, never wider than `width`.
 */
import type { VoteCount } from '../../fleet/watch-verdict.ts';
import { counted } from '../numbers.ts';
import { visibleLine } from '../visible.ts';
import { type Help, helpLines } from './help.ts';
import { columns, cutLine, type Line, padText, span, type Tone } from './line.ts';
import type { Symbols } from './symbols.ts';
import { clock, type Size } from './view.ts';
import type { GatewayStory, WatchStory } from './watch-story.ts';

export interface WatchView {
  readonly inventory: string;
  readonly story: WatchStory;
  readonly nowMs: number;
  /** Whether it acts or only tells. */
  readonly failsOver: boolean;
  /** The failover that was begun, until it has ended. */
  readonly failover: Failover | undefined;
  readonly hold: 'no' | 'asked' | 'holding';
  /** It ends as soon as the failover that is at work has. */
  readonly isEnding: boolean;
  readonly news: readonly Line[];
  readonly symbols: Symbols;
  readonly keys: 'yes' | 'no';
  readonly help: boolean;
  /** Gateways that are scrolled away. */
  readonly scroll: number;
}

export interface Failover {
  readonly gateway: string;
  readonly sinceMs: number;
  /** Another command holds the inventory. */
  readonly waits: boolean;
}

/** Narrower than this there is no room for what a row says at its end. */
const narrow = 70;
const mostMute = 3;
/** News are worth a gateway's row only where there are more rows than this. */
const newsRows = 4;

export function watchFrame(view: WatchView, { width, height }: Size): readonly Line[] {
  const lines = [headLine(view, width), sumLine(view, width), ...middle(view, { width, height })];
  return lines.slice(0, Math.max(1, height)).map((line) => cutLine(line, width, view.symbols.more));
}

/** How far the gateways can be scrolled. */
export function mostWatchScroll(view: WatchView, size: Size): number {
  return Math.max(0, view.story.gateways.length - gatewayRows(view, size.height));
}

function middle(view: WatchView, size: Size): readonly Line[] {
  if (view.help) {
    const room = { width: size.width, height: Math.max(0, size.height - 3) };
    return [...helpLines(watchHelp(view.symbols), room), ...keysLine(view, 0)];
  }
  const { gateways } = view.story;
  const room = gatewayRows(view, size.height);
  const shown = gateways.slice(view.scroll, view.scroll + room);
  const lines = [
    ...titleLine(view, size),
    ...shown.map((gateway) => gatewayLine(gateway, view, size.width)),
    ...muteLines(view),
    ...failoverLine(view),
    ...keysLine(view, gateways.length - shown.length),
  ];
  const left = size.height - 2 - lines.length;
  return left < 2 || view.news.length === 0 ? lines : [...lines, [span('')], ...view.news.slice(1 - left)];
}

/** What is left beside the lines that are always there, and a few for news where the screen is high. */
function gatewayRows(view: WatchView, height: number): number {
  const taken =
    2 +
    Number(height >= 8) +
    muteLines(view).length +
    failoverLine(view).length +
    Number(view.keys === 'yes');
  const room = Math.max(1, height - taken);
  const isCrowded = view.story.gateways.length + newsRows > room;
  return isCrowded && room > 3 * newsRows && view.news.length > 0 ? room - newsRows : room;
}

function headLine({ inventory, story, nowMs, failsOver, hold, isEnding }: WatchView, width: number): Line {
  const file = visibleLine(inventory.split('/').at(-1) ?? '');
  return [
    span(`watch ${file}`, 'bold'),
    span(`  ${clock(nowMs - story.startedMs)}`),
    ...(isEnding ? [span('  ends when the failover has', 'bad')] : []),
    ...(hold === 'no' ? [] : [span('  PAUSED, nobody looks: p goes on', 'busy')]),
    span(
      failsOver ? `  fails over${width < narrow ? '' : ' on its own'}` : '  only tells',
      failsOver ? 'plain' : 'dim',
    ),
    span(`  round ${story.rounds}`, 'dim'),
  ];
}

/** `3 gateways: 2 carry, 1 DOWN`: adds up to all of them, always. */
function sumLine({ story: { gateways, webservers, rounds } }: WatchView, width: number): Line {
  if (rounds === 0) return [span('the first look ...', 'dim')];
  const down = gateways.filter(({ state }) => state === 'down').length;
  const spare = gateways.filter(({ state, standsBy }) => state === 'up' && standsBy).length;
  const parts = [
    `${gateways.length - down - spare} carry`,
    ...(spare > 0 ? [`${spare} standby`] : []),
    ...(down > 0 ? [`${down} DOWN`] : []),
  ];
  const well = [...webservers.values()].filter(({ is }) => is === 'well').length;
  return [
    span(`${counted(gateways.length, 'gateway')}: ${parts.join(', ')}`, down > 0 ? 'alarm' : 'bold'),
    span(
      width < narrow
        ? `; ${well}/${webservers.size} vote`
        : `; ${well} of ${counted(webservers.size, 'watcher')} can vote`,
      well < webservers.size ? 'busy' : 'plain',
    ),
  ];
}

interface Widths {
  readonly name: number;
  readonly gap: string;
  readonly looks: number;
}

function widthsOf({ story: { gateways } }: WatchView, width: number): Widths {
  const isNarrow = width < narrow;
  const names = gateways.map(({ name }) => columns(visibleLine(name)));
  const name = Math.min(Math.max(7, ...names), isNarrow ? 12 : 24);
  const gap = isNarrow ? ' ' : '  ';
  const left = width - 2 - name - 7 - 7 - 5 - 4 * gap.length;
  return { name, gap, looks: Math.max(0, isNarrow ? left : Math.min(60, left - 34)) };
}

function titleLine(view: WatchView, { width, height }: Size): readonly Line[] {
  if (height < 8) return [];
  const { name, gap, looks } = widthsOf(view, width);
  const words = [
    'gateway'.padEnd(name),
    'is     ',
    '    for',
    'votes',
    'looks'.slice(0, looks).padEnd(looks),
  ];
  return [[span(`  ${words.join(gap)}`, 'dim'), span(width < narrow ? '' : `${gap}carries`, 'dim')]];
}

function gatewayLine(gateway: GatewayStory, view: WatchView, width: number): Line {
  const { name, looks, gap } = widthsOf(view, width);
  const { mark, word, tone } = standingOf(gateway, view.symbols);
  const { watchers, count } = gateway;
  const votes = count === undefined ? '-' : `${count.carrying.length}/${watchers.length}`;
  return [
    span(`${mark} `, tone),
    span(padText(visibleLine(gateway.name), name), gateway.state === 'down' ? 'bold' : 'plain'),
    span(`${gap}${word.padEnd(7)}`, tone),
    span(`${gap}${clock(view.nowMs - gateway.sinceMs).padStart(7)}`),
    span(`${gap}${votes.padStart(5)}${gap}`),
    ...strip(gateway.looks, looks, view.symbols),
    ...(width < narrow ? [] : [span(`${gap}${tail(gateway)}`, gateway.state === 'down' ? 'bad' : 'dim')]),
  ];
}

function standingOf({ state, standsBy, isDoubted, count }: GatewayStory, symbols: Symbols) {
  if (state === 'down') return { mark: symbols.failed, word: 'DOWN', tone: 'alarm' } as const;
  if (isDoubted) return { mark: symbols.unknown, word: 'doubted', tone: 'busy' } as const;
  if (count?.says === 'nothing') return { mark: symbols.skipped, word: 'unknown', tone: 'busy' } as const;
  return standsBy
    ? ({ mark: symbols.ok, word: 'standby', tone: 'good' } as const)
    : ({ mark: symbols.changed, word: 'carries', tone: 'good' } as const);
}

function tail({ state, standsBy, carried, count }: GatewayStory): string {
  const missing = count?.missing ?? [];
  if (state === 'down' && missing.length > 0)
    return standsBy ? 'reaches none of its probes' : `${missing.map(visibleLine).join(' ')} reach nothing`;
  return standsBy && carried === 0 ? 'looks by itself' : counted(carried, 'webserver');
}

/** One mark a look, the newest at the right. */
function strip(looks: GatewayStory['looks'], width: number, symbols: Symbols): Line {
  const shown = looks.slice(Math.max(0, looks.length - width));
  const marks: Readonly<Record<VoteCount['says'], readonly [string, Tone]>> = {
    up: [symbols.waits, 'good'],
    down: [symbols.failed, 'bad'],
    'maybe down': [symbols.unknown, 'busy'],
    nothing: [symbols.skipped, 'dim'],
  };
  return [
    span(' '.repeat(Math.max(0, width - shown.length))),
    ...(width === 0 ? [] : shown.map((says) => span(...marks[says]))),
  ];
}

function muteLines({ story: { webservers } }: WatchView): readonly Line[] {
  const mute = [...webservers].filter(([, { is }]) => is !== 'well');
  const lines = mute.slice(0, mostMute).map(([name, { is }]): Line => {
    const why = is === 'broken' ? 'reaches nothing through any gateway' : 'does not answer';
    return [span(`! ${visibleLine(name)} ${why}: no vote`, 'busy')];
  });
  const rest = mute.length - lines.length;
  return rest === 0 ? lines : [...lines, [span(`! and ${rest} more have no vote`, 'busy')]];
}

function failoverLine({ failover, nowMs, symbols }: WatchView): readonly Line[] {
  if (failover === undefined) return [];
  const { gateway, sinceMs, waits } = failover;
  const what = waits ? 'waits: another command holds the inventory' : 'is at work';
  const turn = symbols.spinner[Math.floor(nowMs / 250) % symbols.spinner.length] ?? symbols.runs;
  return [
    [
      span(`${turn} failover from ${visibleLine(gateway)} ${what}`, 'alarm'),
      span(`  ${clock(nowMs - sinceMs)}`),
    ],
  ];
}

function keysLine({ keys, symbols, help, hold, isEnding }: WatchView, hidden: number): readonly Line[] {
  if (keys === 'no') return [];
  if (isEnding) return [[span('ctrl-c stops the failover, too', 'dim')]];
  if (help) return [[span('any key: back', 'dim')]];
  const words = [
    ...(hidden > 0 ? [`${symbols.upDown} ${counted(hidden, 'gateway')} more`] : []),
    hold === 'no' ? 'p pause' : 'p go on',
    'q end',
    '? help',
  ];
  return [[span(words.join(symbols.dot), 'dim')]];
}

function watchHelp({ waits, failed, unknown, skipped }: Symbols): Help {
  return {
    keys: [
      ['up/down j/k', 'further gateways'],
      ['p', 'pause: nobody looks, and nothing is failed over; again: go on'],
      ['q esc', 'end; a failover that is at work is brought to its end first'],
      ['ctrl-c', 'end, and stop a failover that is at work; twice: leave at once'],
      ['ctrl-z', 'suspend; fg comes back'],
    ],
    marks: [
      'votes: who reaches the probes through it, of those who look',
      `looks: ${waits} carries  ${failed} does not  ${unknown} perhaps not  ${skipped} nobody knows`,
    ],
  };
}
