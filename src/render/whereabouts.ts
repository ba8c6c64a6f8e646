/** Who is where when a run has ended before its end: hosts by result, neighbours folded, those not reached last. */
import { hostRuns } from '../plan/fold.ts';
import { whereWord, whereWords } from '../report/run-outcome.ts';
import type { RunState } from '../report/run-state.ts';

/** Names in one row; `runs show` has them all. */
const shortRow = 66;

/** `short`: a row each, for the last lines of a run. */
export function whereaboutsLines({ hosts }: RunState, length: 'short' | 'all' = 'all'): readonly string[] {
  const all = [...hosts.keys()];
  const rows = whereWords.flatMap((word) => {
    const names = [...hosts.values()].filter((host) => whereWord(host) === word).map(({ host }) => host);
    if (names.length === 0) return [];
    const runs = hostRuns(names, all);
    return [[word, length === 'all' ? runs.join(' ') : shortened(runs, names.length)] as const];
  });
  const width = Math.max(0, ...rows.map(([word]) => word.length));
  return rows.map(([word, names]) => `  ${word.padEnd(width)}  ${names}`);
}

function shortened(runs: readonly string[], count: number): string {
  let row = '';
  for (const run of runs) {
    if (row.length + run.length > shortRow) return `${row} ... ${count} in all`;
    row += `${row === '' ? '' : ' '}${run}`;
  }
  return row;
}
