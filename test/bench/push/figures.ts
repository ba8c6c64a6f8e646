/**
 * What was measured, raw, so that sizes and distances can be measured one by one and told together: `--save FILE`,
 * `--from FILE,FILE`. Rounds of one size and distance from several files are put together where the same rows were
 * measured; a round's ratio stays one to the floor of that very round.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Phase } from './contenders.ts';
import type { Cost } from './ground.ts';

export interface Row {
  readonly name: string;
  readonly phase: Phase;
  /** One a round, in the order of the rounds. */
  readonly costs: readonly Cost[];
}

export interface Measurement {
  readonly hosts: number;
  /** Milliseconds of round trip. */
  readonly rtt: number;
  readonly cores: number;
  /** What made the distance and what that cost, in words; empty without distance. */
  readonly distance: string;
  /** The first row is the floor. */
  readonly rows: readonly Row[];
}

export interface Figures {
  /** Who made them: the lines that were typed. */
  readonly commands: readonly string[];
  readonly measurements: readonly Measurement[];
}

export function saveFigures(file: string, figures: Figures): void {
  writeFileSync(file, `${JSON.stringify(figures, undefined, 1)}\n`);
}

/** Throws where two files cannot be told together. */
export function loadFigures(files: readonly string[]): Figures {
  const all = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Figures);
  const together = new Map<string, Measurement>();
  for (const one of all.flatMap(({ measurements }) => measurements)) {
    const key = `${one.rtt} ${one.hosts}`;
    const other = together.get(key);
    together.set(key, other === undefined ? one : merged(other, one));
  }
  return {
    commands: [...new Set(all.flatMap(({ commands }) => commands))],
    measurements: [...together.values()].sort((a, b) => a.rtt - b.rtt || a.hosts - b.hosts),
  };
}

function merged(one: Measurement, other: Measurement): Measurement {
  const words = ({ rows }: Measurement): string => rows.map(({ name, phase }) => `${name} ${phase}`).join();
  if (words(one) !== words(other))
    throw new Error(`two files have ${one.hosts} hosts at ${one.rtt} ms, but not of the same contenders`);
  return {
    ...one,
    distance: [...new Set([one.distance, other.distance])].filter((text) => text !== '').join('; '),
    rows: one.rows.map((row, at) => ({ ...row, costs: [...row.costs, ...(other.rows[at]?.costs ?? [])] })),
  };
}
