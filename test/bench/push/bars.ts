/** The goals that were set before anything was built, for 100 hosts, and whether they hold. */
import { ansible, ours, type Phase } from './contenders.ts';
import type { Measurement, Row } from './figures.ts';
import { cpu, ratio, rowOf, type Spread, spread, spreadWords, table, titleOf, wall } from './table.ts';

interface Bar {
  readonly words: string;
  readonly most: number;
  readonly said?: string;
  readonly measured: Spread | undefined;
}

/** Of the measurements of 100 hosts; with none, of the largest fleet. */
export function barTables(measurements: readonly Measurement[]): string {
  const largest = Math.max(...measurements.map(({ hosts }) => hosts));
  const hosts = measurements.some((one) => one.hosts === 100) ? 100 : largest;
  return measurements
    .filter((one) => one.hosts === hosts)
    .map((one) => {
      const rows = barsOf(one).map(({ words, most, said, measured }) => [
        ...[words, said ?? `<= ${most}`, measured === undefined ? '-' : spreadWords(measured)],
        measured === undefined ? 'not measured' : measured.middle <= most ? 'holds' : 'does not hold',
      ]);
      return `\nThe bars, ${titleOf(one)}\n\n${table(['what', 'goal', 'measured', ''], rows)}`;
    })
    .join('');
}

function barsOf(measured: Measurement): readonly Bar[] {
  const mine = (phase: Phase): Row | undefined => rowOf(measured, ours, phase);
  const besideFloor = (phase: Phase, figure: typeof wall) => beside(mine(phase), measured.rows[0], figure);
  const besideAnsible = (phase: Phase, figure: typeof wall) =>
    beside(mine(phase), rowOf(measured, ansible, phase), figure);
  const peaks = (['no-op', 'check', 'fresh'] as const).flatMap(
    (phase) => figures(mine(phase)?.costs.map(({ peak }) => peak)) ?? [],
  );
  return [
    { words: 'no-op: wall beside the floor', most: 1.2, measured: besideFloor('no-op', wall) },
    { words: 'no-op: CPU beside the floor', most: 1, measured: besideFloor('no-op', cpu) },
    {
      words: 'no-op: execs a host',
      most: 1,
      measured: figures(mine('no-op')?.costs.map(({ execsPerHost }) => execsPerHost)),
    },
    { words: 'dry run: wall beside the floor', most: 1.2, measured: besideFloor('check', wall) },
    { words: 'dry run: CPU beside the floor', most: 1, measured: besideFloor('check', cpu) },
    {
      words: 'dry run: wall beside `ansible --check --diff`',
      most: 1 / 12,
      said: '<= 1/12 (0.08)',
      measured: besideAnsible('check', wall),
    },
    { words: 'fresh: wall beside the floor', most: 2.2, measured: besideFloor('fresh', wall) },
    {
      words: "fresh: wall beside tuned Ansible's",
      most: 1 / 7,
      said: '<= 1/7 (0.14)',
      measured: besideAnsible('fresh', wall),
    },
    {
      words: "fresh: CPU beside tuned Ansible's",
      most: 1 / 4,
      said: '<= 1/4 (0.25)',
      measured: besideAnsible('fresh', cpu),
    },
    {
      words: 'peak memory, MiB, of the hungriest of the three',
      most: 100,
      measured: peaks.sort((a, b) => b.middle - a.middle)[0],
    },
  ];
}

function beside(row: Row | undefined, other: Row | undefined, figure: typeof wall): Spread | undefined {
  return row === undefined || other === undefined ? undefined : ratio(row, other, figure);
}

function figures(values: readonly number[] | undefined): Spread | undefined {
  return values === undefined || values.length === 0 ? undefined : spread(values);
}
