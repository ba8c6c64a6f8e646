/** Costs -> Markdown for the README. */
import type { FarmCost } from './farm-run.ts';
import type { InterfaceCost } from './interface.ts';
import type { OfflineCost } from './offline.ts';

export function farmTable(costs: readonly FarmCost[]): string {
  const floors = new Map(
    costs.filter(({ phase }) => phase === 'parallel-ssh true').map((one) => [one.hosts, one.cpu]),
  );
  const head = [
    'hosts',
    'phase',
    'wall s',
    'CPU s',
    'CPU ms a host',
    'CPU x floor',
    'peak MiB',
    'KiB a host',
  ];
  const rows = costs.map((one) => {
    const floor = floors.get(one.hosts);
    return [
      thousands(one.hosts),
      one.phase,
      one.wall.toFixed(1),
      one.cpu.toFixed(2),
      ((one.cpu * 1000) / one.hosts).toFixed(2),
      floor === undefined ? '' : (one.cpu / floor).toFixed(2),
      one.peak.toFixed(0),
      ((one.peak * 1024) / one.hosts).toFixed(0),
    ];
  });
  return table(head, [...rows]);
}

/** A line for each kind of work, a column for each size; the last one says whether the curve is straight. */
export function offlineTable(costs: readonly OfflineCost[]): string {
  const sizes = [...new Set(costs.map(({ hosts }) => hosts))].toSorted((a, b) => a - b);
  const works = [...new Set(costs.map(workOf))];
  const rows = works.map((work) => {
    const own = new Map(costs.filter((one) => workOf(one) === work).map((one) => [one.hosts, one]));
    const each = [...own.values()]
      .toSorted((a, b) => a.hosts - b.hosts)
      .map(({ cpu, hosts }) => ((cpu * 1000) / hosts).toFixed(2));
    return [work, ...sizes.map((hosts) => cell(own.get(hosts))), each.join(' ')];
  });
  return table(['wall s, MiB', ...sizes.map(thousands), 'CPU ms a host'], rows);
}

export function interfaceTable(costs: readonly InterfaceCost[]): string {
  const rows = costs.map(({ hosts, share, bytesPerSecond, peak, keyMs }) => [
    thousands(hosts),
    `${(share * 100).toFixed(0)} %`,
    (bytesPerSecond / 1000).toFixed(0),
    peak.toFixed(0),
    keyMs.toFixed(0),
  ]);
  return table(['hosts', 'of a core', 'kB/s to the terminal', 'peak MiB', 'slowest key ms'], rows);
}

export function thousands(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function workOf({ what, written }: OfflineCost): string {
  return `${what}, ${written}`;
}

function cell(cost: OfflineCost | undefined): string {
  return cost === undefined ? '' : `${cost.wall.toFixed(2)}, ${cost.peak.toFixed(0)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${line(head)}\n${'|---'.repeat(head.length)}|\n${rows.map(line).join('\n')}\n`;
}
