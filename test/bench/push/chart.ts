/**
 * The largest fleet as SVG: a row for each contender and phase, a bar for each distance, wall time beside the floor's on a
 * logarithmic scale. Colours work on white and on black.
 */
import { ours } from './contenders.ts';
import type { Figures, Measurement, Row } from './figures.ts';
import { ratio, spread, titleOf, wall } from './table.ts';

const [left, wide, right, top] = [310, 420, 120, 74];
const [thick, gap] = [11, 9];

export function chart({ measurements, commands }: Figures): string {
  const largest = Math.max(...measurements.map(({ hosts }) => hosts));
  const shown = measurements.filter(({ hosts }) => hosts === largest);
  const rows = shown[0]?.rows ?? [];
  const step = shown.length * thick + gap;
  const most = Math.max(10, ...shown.flatMap((one) => one.rows.map((row) => besideFloor(one, row))));
  // Half the floor is where bars begin.
  const width = (times: number): number => Math.max(2, (Math.log(times * 2) / Math.log(most * 2)) * wide);
  const lines = rows.flatMap((row, index) => {
    const y = top + index * step;
    const middle = y + (shown.length * thick) / 2 + 4;
    return [
      `<text x="${left - 8}" y="${middle}" text-anchor="end">${labelOf(row)}</text>`,
      ...shown.flatMap((one, lane) => {
        const same = one.rows.find(({ name, phase }) => name === row.name && phase === row.phase);
        return same === undefined ? [] : [bar(one, same, { y: y + lane * thick, lane, width })];
      }),
    ];
  });
  const title = `Wall time of one job on ${largest} hosts, times that of parallel-ssh true at the same distance`;
  const key = shown.map(
    (one, lane) =>
      `<rect x="${left + lane * 170}" y="46" width="14" height="${thick - 1}" fill="#2f9e6e" fill-opacity="${opacity(lane)}"/><text x="${left + 20 + lane * 170}" y="55">${one.rtt === 0 ? 'no distance' : `${one.rtt} ms round trip`}</text>`,
  );
  const bottom = top + rows.length * step;
  const made = commands.map(
    (line, i) => `<text x="12" y="${bottom + 12 + 15 * i}" font-size="11">${plain(line)}</text>`,
  );
  const words = plain(shown.map(titleOf).join('; '));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + wide + right} ${bottom + 11 + 15 * commands.length}" font-family="sans-serif" font-size="13" fill="#6b7785" role="img" aria-label="${plain(title)}: ${words}">
<text x="12" y="26" font-size="15" font-weight="bold">${plain(title)}</text>
${[...key, ...lines].join('\n')}
${made.join('\n')}
</svg>
`;
}

function bar(
  measured: Measurement,
  row: Row,
  { y, lane, width }: { y: number; lane: number; width: (times: number) => number },
): string {
  const times = besideFloor(measured, row);
  const seconds = spread(row.costs.map(wall)).middle;
  const fill = row.name === ours ? '#2f9e6e' : '#8792a2';
  const long = width(times);
  return `<rect x="${left}" y="${y}" width="${long.toFixed(1)}" height="${thick - 1}" rx="2" fill="${fill}" fill-opacity="${opacity(lane)}"/><text x="${(left + long + 6).toFixed(1)}" y="${y + thick - 2}" font-size="11">${times.toFixed(times < 10 ? 2 : 1)} (${seconds.toFixed(1)} s)</text>`;
}

function besideFloor(measured: Measurement, row: Row): number {
  return ratio(row, measured.rows[0] ?? row, wall).middle;
}

function opacity(lane: number): string {
  return lane === 0 ? '1' : '0.55';
}

function labelOf({ name, phase }: Row): string {
  return plain(`${name}${phase === 'alone' ? '' : `, ${phase}`}`);
}

function plain(text: string): string {
  return text
    .replaceAll(/[*`]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;');
}
