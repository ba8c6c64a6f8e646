/** What `npm run bench:push` makes of the figures it took: ratios within a round, and verdicts. */
import { expect, test } from 'vitest';
import { barTables } from './bench/push/bars.ts';
import { chart } from './bench/push/chart.ts';
import { ansible, floor, ours, type Phase } from './bench/push/contenders.ts';
import { loadFigures, type Measurement, type Row, saveFigures } from './bench/push/figures.ts';
import { fullTable, shortTable } from './bench/push/table.ts';
import { folderOf } from './lab/bundle.ts';

const row = (name: string, phase: Phase, walls: readonly number[]): Row => ({
  name,
  phase,
  costs: walls.map((wall) => ({ wall, cpu: wall / 2, peak: 50, execsPerHost: 1, kibPerHost: 7 })),
});
const measurement = (rtt: number, rows: readonly Row[]): Measurement => ({
  hosts: 100,
  rtt,
  cores: 2,
  distance: rtt === 0 ? '' : 'delayed by the kernel',
  rows,
});
/** The machine was twice as slow in the second round, and in the third for gwfleet only. */
const near = measurement(0, [
  row(floor, 'alone', [2, 4, 2]),
  row(ours, 'no-op', [2.2, 4.4, 4.4]),
  row(ansible, 'no-op', [20, 40, 20]),
]);

test('a row stands beside the floor of its own round', () => {
  expect(fullTable(near)).toContain(
    `| ${ours} | no-op | 4.40 | 1.10 (1.10 to 2.20) | 2.20 | 1.10 (1.10 to 2.20) |`,
  );
  expect(shortTable([near])).toContain('| 100 | none | 1.10 | 10.00 | - | - | - | - |');
});

test('a bar holds by its median; what was not measured is said', () => {
  const told = barTables([near]);
  expect(told).toContain('| no-op: wall beside the floor | <= 1.2 | 1.10 (1.10 to 2.20) | holds |');
  expect(told).toContain('| no-op: CPU beside the floor | <= 1 | 1.10 (1.10 to 2.20) | does not hold |');
  expect(told).toContain('| fresh: wall beside the floor | <= 2.2 | - | not measured |');
});

test('distances and rounds of several files are told together, other contenders are not', () => {
  using folder = folderOf();
  const save = (name: string, measured: Measurement): string => {
    const file = `${folder.path}/${name}`;
    saveFigures(file, { commands: [`npm run bench:push -- ${name}`], measurements: [measured] });
    return file;
  };
  const files = [save('far', measurement(50, near.rows)), save('near', near), save('again', near)];
  const { commands, measurements } = loadFigures(files);
  expect(commands).toHaveLength(3);
  expect(measurements.map(({ rtt, rows }) => [rtt, rows[0]?.costs.length])).toEqual([
    [0, 6],
    [50, 3],
  ]);
  const svg = chart({ commands, measurements });
  expect(svg).toContain('1.10 (4.4 s)');
  expect(svg.match(/<rect/g)).toHaveLength(3 * 2 + 2);
  const fewer = save('fewer', measurement(0, near.rows.slice(0, 2)));
  expect(() => loadFigures([...files, fewer])).toThrow('not of the same contenders');
});
