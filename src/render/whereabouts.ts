/** Who is where when a run has ended before its end: hosts by result, neighbours folded, those not reached last. */
import { hostRuns } from '../plan/fold.ts';
import { whereWord, whereWords } from '../report/run-outcome.ts';
import type { RunState } from '../report/run-state.ts';

export function whereaboutsLines({ hosts }: RunState): readonly string[] {
  const all = [...hosts.keys()];
  const rows = whereWords.flatMap((word) => {
    const names = [...hosts.values()].filter((host) => whereWord(host) === word).map(({ host }) => host);
    return names.length === 0 ? [] : [[word, hostRuns(names, all).join(' ')] as const];
  });
  const width = Math.max(0, ...rows.map(([word]) => word.length));
  return rows.map(([word, names]) => `  ${word.padEnd(width)}  ${names}`);
}
