/** Rounds -> medians, ratios to the floor of the same round, a Markdown table, a chart. */
import type { Phase } from './contenders.ts';
import type { Cost } from './ground.ts';

export interface Row {
  readonly name: string;
  readonly phase: Phase;
  /** One a round, in the order of the rounds. */
  readonly costs: readonly Cost[];
}

export interface Summary {
  readonly name: string;
  readonly phase: Phase;
  readonly wall: number;
  /** Median, least and most of the paired ratios. */
  readonly wallRatio: readonly [number, number, number];
  readonly cpuRatio: number;
  readonly cpu: number;
  readonly peak: number;
  readonly execs: number;
  readonly kib: number;
}

/** The first row is the floor. */
export function summaries(rows: readonly Row[]): readonly Summary[] {
  const floor = rows[0]?.costs ?? [];
  return rows.map(({ name, phase, costs }) => {
    const ratios = (of: (cost: Cost) => number): readonly number[] =>
      costs.map((cost, round) => of(cost) / of(floor[round] ?? cost)).sort((a, b) => a - b);
    const walls = ratios(({ wall }) => wall);
    const middle = (of: (cost: Cost) => number): number => median(costs.map(of));
    return {
      name,
      phase,
      wall: middle(({ wall }) => wall),
      wallRatio: [median(walls), walls[0] ?? 0, walls.at(-1) ?? 0],
      cpuRatio: median(ratios(({ cpu }) => cpu)),
      cpu: middle(({ cpu }) => cpu),
      peak: middle(({ peak }) => peak),
      execs: middle(({ execsPerHost }) => execsPerHost),
      kib: middle(({ kibPerHost }) => kibPerHost),
    };
  });
}

export function markdown(title: string, all: readonly Summary[]): string {
  const head = [
    'who',
    'phase',
    'wall s',
    'x floor (spread)',
    'CPU s',
    'x floor',
    'peak MiB',
    'execs a host',
    'KiB a host',
  ];
  const rows = all.map((one) => [
    one.name,
    one.phase === 'alone' ? '-' : one.phase,
    one.wall.toFixed(2),
    `${one.wallRatio[0].toFixed(2)} (${one.wallRatio[1].toFixed(2)} to ${one.wallRatio[2].toFixed(2)})`,
    one.cpu.toFixed(2),
    one.cpuRatio.toFixed(2),
    one.peak.toFixed(0),
    one.execs.toFixed(1),
    one.kib.toFixed(1),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `\n${title}\n\n${line(head)}\n${'|---'.repeat(head.length)}|\n${rows.map(line).join('\n')}\n`;
}

/** One bar a row, on a logarithmic scale of wall time beside the floor. Colours work on white and on black. */
export function chart(title: string, all: readonly Summary[]): string {
  const [left, right, step, top] = [300, 90, 24, 48];
  const scale = 430 / Math.log10(Math.max(...all.map(({ wallRatio }) => wallRatio[0]), 10) * 2);
  const bars = all.map(({ name, phase, wallRatio: [ratio] }, index) => {
    const y = top + index * step;
    const width = Math.max(2, Math.log10(Math.max(ratio, 0.5) * 2) * scale);
    const label = `${plain(name)}${phase === 'alone' ? '' : `, ${phase}`}`;
    const fill = name.includes('gwfleet') ? '#2f9e6e' : '#8792a2';
    return `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${label}</text><rect x="${left}" y="${y + 3}" width="${width.toFixed(1)}" height="16" rx="2" fill="${fill}"/><text x="${(left + width + 6).toFixed(1)}" y="${y + 15}">${ratio.toFixed(ratio < 10 ? 2 : 1)}</text>`;
  });
  const [width, height] = [left + 430 + right, top + all.length * step + 12];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#6b7785" role="img" aria-label="${plain(title)}">
<text x="12" y="22" font-size="15" font-weight="bold">${plain(title)}</text>
${bars.join('\n')}
</svg>
`;
}

function plain(text: string): string {
  return text.replaceAll(/[*`]/g, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
