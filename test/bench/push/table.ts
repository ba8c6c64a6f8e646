/** Rounds -> medians and spreads of ratios within a round -> Markdown: a table a fleet and distance, a short one of all. */
import { ansible, floor, ours, type Phase } from './contenders.ts';
import type { Measurement, Row } from './figures.ts';
import type { Cost } from './ground.ts';

/** The median with the least and the most. */
export interface Spread {
  readonly middle: number;
  readonly least: number;
  readonly most: number;
}

type Figure = (cost: Cost) => number;

export const wall: Figure = (cost) => cost.wall;
export const cpu: Figure = (cost) => cost.cpu;

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { middle: at(Math.floor(sorted.length / 2)), least: at(0), most: at(sorted.length - 1) };
}

export function rowOf({ rows }: Measurement, name: string, phase: Phase): Row | undefined {
  return rows.find((row) => row.name === name && row.phase === phase);
}

/** One row beside another, round by round. */
export function ratio(row: Row, other: Row, figure: Figure): Spread {
  return spread(row.costs.map((cost, round) => figure(cost) / figure(other.costs[round] ?? cost)));
}

export function titleOf({ hosts, rtt, cores, rows }: Measurement): string {
  const rounds = rows[0]?.costs.length ?? 0;
  const distance = rtt === 0 ? 'no distance' : `${rtt} ms round trip`;
  return `${hosts} hosts, ${distance}; ${cores} cores for hosts and controller, ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}`;
}

export function fullTable(measured: Measurement): string {
  const head = ['who', 'phase', 'wall s', 'x floor (spread)', 'CPU s', 'x floor (spread)'];
  const rows = measured.rows.map((row) => {
    const middle = (figure: Figure, digits: number): string =>
      spread(row.costs.map(figure)).middle.toFixed(digits);
    const beside = (figure: Figure): string => spreadWords(ratio(row, measured.rows[0] ?? row, figure));
    return [
      ...[row.name, row.phase === 'alone' ? '-' : row.phase],
      ...[middle(wall, 2), beside(wall), middle(cpu, 2), beside(cpu)],
      middle(({ peak }) => peak, 0),
      middle(({ execsPerHost }) => execsPerHost, 1),
      middle(({ kibPerHost }) => kibPerHost, 1),
    ];
  });
  const distance = measured.distance === '' ? '' : `\n${measured.distance}\n`;
  return `\n${titleOf(measured)}\n\n${table([...head, 'peak MiB', 'execs a host', 'KiB a host'], rows)}${distance}`;
}

/** Fleets by distances; wall time beside the floor's. */
export function shortTable(measurements: readonly Measurement[]): string {
  const phases: readonly Phase[] = ['no-op', 'check', 'fresh'];
  const rows = measurements.map((measured) => [
    ...[String(measured.hosts), measured.rtt === 0 ? 'none' : `${measured.rtt} ms`],
    ...phases.flatMap((phase) => [ours, ansible].map((name) => wallWords(measured, name, phase))),
  ]);
  const head = ['no-op', 'dry run, full diff', 'fresh'].flatMap((phase) => [
    `gwfleet, ${phase}`,
    `Ansible, ${phase}`,
  ]);
  return `\nWall time beside \`${floor}\`, by size of the fleet and distance\n\n${table(['hosts', 'round trip', ...head], rows)}`;
}

function wallWords(measured: Measurement, name: string, phase: Phase): string {
  const [row, beside] = [rowOf(measured, name, phase), measured.rows[0]];
  return row === undefined || beside === undefined ? '-' : ratio(row, beside, wall).middle.toFixed(2);
}

export function spreadWords({ middle, least, most }: Spread): string {
  return least === most
    ? middle.toFixed(2)
    : `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${line(head)}\n${'|---'.repeat(head.length)}|\n${rows.map(line).join('\n')}\n`;
}
