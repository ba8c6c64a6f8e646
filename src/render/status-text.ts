/**
 * The fleet as one look: first how full it is and what to do, then the figures. Every line fits the width; where two
 * columns do not fit, each gateway has lines of its own. No meaning hangs on colour alone.
 */

import type { Alarm, Fill, FleetStatus, GatewayStatus, Level, PoolAddress } from '../status/model.ts';
import { counterNames } from '../status/seen.ts';
import { counted, percent, thousands } from './numbers.ts';
import type { Palette } from './palette.ts';
import { drainLines, noteLines, whose, wrapped } from './status-lines.ts';
import { type Column, table } from './table.ts';
import { visibleLine } from './visible.ts';

/** Below this the tables become lists. */
const narrowColumns = 70;
/** Of a pool so many addresses are shown, the fullest. */
const mostAddresses = 8;
const mostAlarms = 12;

export function statusText(status: FleetStatus, columns: number, colours: Palette): string {
  const parts = [headline(status, colours), alarmLines(status.alarms, columns, colours)];
  const figures =
    columns < narrowColumns
      ? status.gateways.map((gateway) => narrowGateway(gateway))
      : [gatewayTable(status), poolTable(status, colours), counterTable(status)];
  const all = [...parts, ...figures, drainLines(status, columns), noteLines(status, columns)].filter(
    (lines) => lines.length > 0,
  );
  return `${all.map((lines) => lines.map((line) => cut(line, columns)).join('\n')).join('\n\n')}\n`;
}

function headline(
  { fullest, level, gateways, webservers }: FleetStatus,
  colours: Palette,
): readonly string[] {
  const words = { ok: 'well', warning: 'look', alarm: 'ACT' } as const;
  const seen = [...gateways, ...webservers].filter(({ result }) => result === 'seen').length;
  const hosts = `${seen} of ${counted(gateways.length + webservers.length, 'host')} seen`;
  const full =
    fullest === null ? 'no connection is carried' : `fullest address ${percent(fullest.fill.share)}`;
  const where =
    fullest === null
      ? []
      : [
          `  ${visibleLine(fullest.gateway)} ${fullest.address} to ${destination(fullest.fill)}: ${portsOf(fullest.fill)}`,
        ];
  return [painted(`${words[level]}: ${full}; ${hosts}`, level, colours), ...where];
}

function portsOf({ entries, closed }: Fill): string {
  return `${thousands(entries)} of 64,512 ports${closed === 0 ? '' : `, ${thousands(closed)} closed`}`;
}

function destination({ destination: to, port, protocol }: Fill): string {
  return `${visibleLine(to)}:${port}/${visibleLine(protocol)}`;
}

/** Equal ones are one line for all their hosts. */
function alarmLines(alarms: readonly Alarm[], columns: number, colours: Palette): readonly string[] {
  const kinds = new Map<string, { readonly alarm: Alarm; readonly hosts: string[] }>();
  for (const alarm of alarms) {
    const key = JSON.stringify([alarm.level, alarm.text, alarm.advice]);
    const kind = kinds.get(key) ?? { alarm, hosts: [] };
    kind.hosts.push(alarm.host);
    kinds.set(key, kind);
  }
  const all = [...kinds.values()];
  const lines = all.slice(0, mostAlarms).flatMap(({ alarm, hosts }) => {
    const { level, text, advice } = alarm;
    const what = `${level === 'alarm' ? '!!' : ' !'} ${whose(hosts)}: ${visibleLine(text)}`;
    return [
      ...wrapped(what, columns).map((line) => painted(line, level, colours)),
      ...(advice === null ? [] : wrapped(`   -> ${visibleLine(advice)}`, columns)),
    ];
  });
  const rest = all.length - mostAlarms;
  return rest > 0 ? [...lines, ` ! and ${rest} more (--json has all)`] : lines;
}

function gatewayTable({ gateways }: FleetStatus): readonly string[] {
  const titles = ['gateway', 'state', 'fullest', 'conntrack', 'of', 'webservers', 'live'];
  return table(
    titles.map((title, at): Column => ({ title, side: at < 2 ? 'left' : 'right' })),
    gateways.map((gateway) => {
      const { host, state, table: size, carried, result } = gateway;
      if (result !== 'seen') return [short(host), result, '-', '-', '-', '-', '-'];
      return [
        short(host),
        state,
        fullness(fullestOf(gateway)),
        size === null ? '-' : `${thousands(size.entries)} ${percent(size.share)}${mark(size.level)}`,
        size === null ? '-' : thousands(size.max),
        webserversOf(gateway),
        thousands(carried.reduce((sum, { live }) => sum + live, 0)),
      ];
    }),
  );
}

/** Carried now, of those that the inventory gives it. */
function webserversOf({ carried, assigned }: GatewayStatus): string {
  const names = new Set(carried.filter(({ live }) => live > 0).flatMap(({ webserver }) => webserver ?? []));
  return `${names.size} of ${assigned}`;
}

function fullestOf({ addresses }: GatewayStatus): Fill | null {
  const fills = addresses.flatMap(({ busiest }) => busiest ?? []);
  return fills.toSorted((a, b) => b.entries - a.entries)[0] ?? null;
}

function fullness(fill: Fill | null): string {
  return fill === null ? '0 %' : `${percent(fill.share)}${mark(fill.level)}`;
}

function mark(level: Level): string {
  return { ok: '', warning: ' !', alarm: ' !!' }[level];
}

function poolTable({ gateways }: FleetStatus, { dim }: Palette): readonly string[] {
  const seen = gateways.filter(({ result }) => result === 'seen');
  const shown = seen.flatMap((gateway) => fullestAddresses(gateway).map((one) => ({ gateway, one })));
  if (shown.length === 0) return [];
  const sides: readonly Column[] = [
    { title: 'address', side: 'left' },
    { title: 'on', side: 'left' },
    { title: 'fill', side: 'right' },
    { title: 'ports', side: 'right' },
    { title: 'closed', side: 'right' },
    { title: 'busiest destination', side: 'left' },
  ];
  const lines = table(
    sides,
    shown.map(({ gateway, one }) => [one.address, short(gateway.host), ...addressCells(one)]),
  );
  const hidden = seen.reduce((sum, { addresses }) => sum + Math.max(0, addresses.length - mostAddresses), 0);
  return hidden === 0
    ? lines
    : [...lines, dim(`and ${counted(hidden, 'address').replace('addresss', 'addresses')} less full`)];
}

function fullestAddresses({ addresses }: GatewayStatus): readonly PoolAddress[] {
  if (addresses.length <= mostAddresses) return addresses;
  return addresses
    .toSorted((a, b) => (b.busiest?.entries ?? 0) - (a.busiest?.entries ?? 0))
    .slice(0, mostAddresses);
}

function addressCells({ busiest, state }: PoolAddress): readonly string[] {
  const draining = state === 'leaving' ? ' (draining)' : '';
  if (busiest === null) return ['0 %', '0', '0', `-${draining}`];
  const { entries, closed } = busiest;
  return [fullness(busiest), thousands(entries), thousands(closed), `${destination(busiest)}${draining}`];
}

/** Growth since the last look; how much there is in all is in --json. */
function counterTable({ gateways }: FleetStatus): readonly string[] {
  const seen = gateways.filter(({ result }) => result === 'seen');
  if (seen.length === 0) return [];
  const columns = ['grown', ...counterNames, 'leaks', 'since'];
  return table(
    columns.map((title, at): Column => ({ title, side: at === 0 || title === 'since' ? 'left' : 'right' })),
    seen.map(({ host, growth, unnatted, leakGuard }) => [
      short(host),
      ...counterNames.map((name) => (growth.since === null ? '-' : `+${thousands(growth.counters[name])}`)),
      leakGuard === null && unnatted === null ? '-' : thousands((unnatted ?? 0) + growth.leaked),
      growth.since === null ? 'first look' : growth.since.slice(0, 19).replace('T', ' '),
    ]),
  );
}

function narrowGateway(gateway: GatewayStatus): readonly string[] {
  const { host, state, result, table: size, carried, growth } = gateway;
  if (result !== 'seen') return [`${visibleLine(host)} ${result}`];
  const live = carried.reduce((sum, one) => sum + one.live, 0);
  return [
    `${visibleLine(host)} ${state}`,
    `  fullest    ${fullness(fullestOf(gateway))}`,
    ...(size === null
      ? []
      : [`  conntrack  ${percent(size.share)}${mark(size.level)} of ${thousands(size.max)}`]),
    `  webservers ${webserversOf(gateway)}, ${thousands(live)} live`,
    ...fullestAddresses(gateway).map((one) => `  ${one.address.padEnd(15)} ${fullness(one.busiest)}`),
    ...counterNames
      .filter((name) => growth.counters[name] > 0)
      .map((name) => `  ${name} +${thousands(growth.counters[name])}`),
  ];
}

function short(name: string): string {
  const text = visibleLine(name);
  return text.length <= 14 ? text : `${text.slice(0, 13)}~`;
}

function painted(text: string, level: Level, { red, yellow, green, bold }: Palette): string {
  if (level === 'alarm') return bold(red(text));
  return level === 'warning' ? yellow(text) : green(text);
}

/** Colour codes have no width, and lines with them were wrapped already. */
function cut(line: string, columns: number): string {
  return line.includes('\u001b') || line.length <= columns ? line : `${line.slice(0, columns - 1)}~`;
}
