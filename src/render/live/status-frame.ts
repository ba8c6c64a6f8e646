/**
 * The status of a fleet as the screen shows it again and again: what needs somebody first, then a bar and a trend for
 * each pool address, then drains with their falling counts. Never more than `height`, never wider than `width`.
 */
import type {
  Alarm,
  DrainStatus,
  FleetStatus,
  GatewayStatus,
  Level,
  PoolAddress,
} from '../../status/model.ts';
import { counted, percent, thousands } from '../numbers.ts';
import { visibleLine } from '../visible.ts';
import { cutLine, type Line, padText, span, type Tone } from './line.ts';
import type { Symbols } from './symbols.ts';
import type { Size } from './view.ts';

export interface StatusView {
  readonly status: FleetStatus;
  readonly trends: Trends;
  /** Seconds to the next look; undefined: it is being taken. */
  readonly nextSeconds: number | undefined;
  readonly symbols: Symbols;
  readonly keys: 'yes' | 'no';
  /** Lines of the figures that are scrolled away. */
  readonly scroll: number;
}

/** By `gateway address` and `gateway drain name`: one number a look, the newest last. Shares of 1, or counts. */
export type Trends = ReadonlyMap<string, readonly number[]>;

/** As many looks as a trend shows. */
export const trendLooks = 12;
const mostAlarms = 4;

export function statusFrame(view: StatusView, { width, height }: Size): readonly Line[] {
  const { status } = view;
  const head = [headLine(view), ...alarmLines(status.alarms)];
  const figures = figureLines(view, width);
  const room = Math.max(0, height - head.length - (view.keys === 'yes' ? 1 : 0));
  const shown = figures.slice(view.scroll, view.scroll + room);
  return [...head, ...shown, ...keysLine(view, figures.length - shown.length)]
    .slice(0, Math.max(1, height))
    .map((line) => cutLine(line, width, view.symbols.more));
}

/** How far the figures can be scrolled. */
export function mostScroll(view: StatusView, { width, height }: Size): number {
  const taken = 2 + alarmLines(view.status.alarms).length;
  return Math.max(0, figureLines(view, width).length - Math.max(1, height - taken));
}

/** The trends with one look more. Who is gone is forgotten. */
export function withLook(trends: Trends, { gateways, drains }: FleetStatus): Trends {
  const now = new Map<string, number>();
  for (const { host, addresses } of gateways)
    for (const { address, busiest } of addresses) now.set(`${host} ${address}`, busiest?.share ?? 0);
  for (const { gateway, name, live } of drains) now.set(`${gateway} drain ${name}`, live);
  return new Map(
    [...now].map(([key, value]) => [key, [...(trends.get(key) ?? []), value].slice(-trendLooks)]),
  );
}

function headLine({ status, nextSeconds }: StatusView): Line {
  const { level, fullest, gateways, webservers } = status;
  const words = { ok: 'well', warning: 'look', alarm: 'ACT' } as const;
  const seen = [...gateways, ...webservers].filter(({ result }) => result === 'seen').length;
  const full = fullest === null ? 'nothing is carried' : `fullest address ${percent(fullest.fill.share)}`;
  return [
    span(`status ${visibleLine(status.inventory.split('/').at(-1) ?? '')}`, 'bold'),
    span(`  ${words[level]}`, toneOf(level)),
    span(`: ${full}; ${seen} of ${counted(gateways.length + webservers.length, 'host')} seen`),
    span(nextSeconds === undefined ? '  looks' : `  again in ${nextSeconds} s`, 'dim'),
  ];
}

function alarmLines(alarms: readonly Alarm[]): readonly Line[] {
  const shown = alarms.slice(0, mostAlarms).map(({ level, host, text }): Line => {
    const sign = level === 'alarm' ? '!!' : ' !';
    return [span(`${sign} ${visibleLine(host)}: ${visibleLine(text)}`, toneOf(level))];
  });
  const rest = alarms.length - shown.length;
  return rest === 0 ? shown : [...shown, [span(` ! and ${rest} more (status without --watch has all)`)]];
}

function figureLines(view: StatusView, width: number): readonly Line[] {
  const { status } = view;
  return [
    ...status.gateways.flatMap((gateway) => gatewayLines(gateway, view, width)),
    ...status.drains.map((drain) => drainLine(drain, view)),
  ];
}

function gatewayLines(gateway: GatewayStatus, view: StatusView, width: number): readonly Line[] {
  const { host, state, result, table, carried, assigned, addresses } = gateway;
  const name = span(visibleLine(host), 'bold');
  if (result !== 'seen') return [[name, span(`  ${result}`, 'bad')]];
  const live = carried.reduce((sum, one) => sum + one.live, 0);
  const servers = new Set(carried.filter((one) => one.live > 0).flatMap(({ webserver }) => webserver ?? []));
  const size =
    table === null ? [] : [span(`  table ${percent(table.share)}${sign(table.level)}`, toneOf(table.level))];
  return [
    [
      name,
      span(`  ${state}`),
      ...size,
      span(`  ${servers.size} of ${counted(assigned, 'webserver')}  ${thousands(live)} live`),
    ],
    ...addresses.map((address) => addressLine(host, address, view, width)),
  ];
}

function addressLine(host: string, one: PoolAddress, view: StatusView, width: number): Line {
  const { address, busiest, state } = one;
  const { symbols } = view;
  const level = busiest?.level ?? 'ok';
  const bar = Math.max(4, Math.min(30, width - 58));
  const full = busiest === null ? 0 : Math.max(1, Math.min(bar, Math.round(busiest.share * bar)));
  const to =
    busiest === null
      ? '-'
      : `${thousands(busiest.entries)} to ${visibleLine(busiest.destination)}:${busiest.port}/${visibleLine(busiest.protocol)}`;
  return [
    span(`  ${padText(address, 15)} `),
    span(symbols.full.repeat(full), toneOf(level)),
    span(symbols.empty.repeat(bar - full), 'dim'),
    span(` ${percent(busiest?.share ?? 0).padStart(5)}${sign(level).padEnd(3)}`, toneOf(level)),
    span(`${trendOf(view.trends.get(`${host} ${address}`) ?? [], 1, symbols)} `, 'dim'),
    span(`${state === 'leaving' ? 'draining, ' : ''}${to}`),
  ];
}

function drainLine({ kind, name, gateway, live, secondsLeft }: DrainStatus, view: StatusView): Line {
  const counts = view.trends.get(`${gateway} drain ${name}`) ?? [live];
  const what =
    kind === 'webserver'
      ? `${visibleLine(name)} from ${visibleLine(gateway)}`
      : `${name} on ${visibleLine(gateway)}`;
  const before = Math.max(...counts);
  return [
    span('  drain ', 'busy'),
    span(`${what}: ${counted(live, 'live connection')} left`),
    span(before > live ? `, ${thousands(before)} before` : '', 'dim'),
    span(` ${trendOf(counts, Math.max(1, before), view.symbols)}`, 'dim'),
    span(secondsLeft === null ? '' : `  ${thousands(secondsLeft)} s more`, 'dim'),
  ];
}

/** One block a look, as high as the share of `most`. */
function trendOf(values: readonly number[], most: number, { levels }: Symbols): string {
  const blocks = values.map((value) => {
    const step = Math.min(levels.length - 1, Math.max(0, Math.ceil((value / most) * (levels.length - 1))));
    return levels[step] ?? '';
  });
  return ' '.repeat(trendLooks - blocks.length) + blocks.join('');
}

function keysLine({ keys, symbols }: StatusView, hidden: number): readonly Line[] {
  if (keys === 'no') return [];
  const words = [...(hidden > 0 ? [`${symbols.upDown} ${counted(hidden, 'line')} more`] : []), 'q ends'];
  return [[span(words.join(symbols.dot), 'dim')]];
}

function sign(level: Level): string {
  return { ok: '', warning: ' !', alarm: ' !!' }[level];
}

function toneOf(level: Level): Tone {
  return ({ ok: 'good', warning: 'busy', alarm: 'alarm' } as const)[level];
}
