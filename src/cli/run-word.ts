/** The run that a person means: its id, or enough of its beginning. */
import { type PastRun, pastRunIds, readPastRun } from '../run/past-run.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { UsageError } from './usage.ts';

export function runCalled(state: string, word: string): PastRun {
  const ids = pastRunIds(state);
  if (ids.length === 0) throw new UsageError('there is no run yet', `runs are kept in ${state}/runs`);
  const found = ids.includes(word) ? [word] : ids.filter((id) => word !== '' && id.startsWith(word));
  const [only] = found;
  if (only === undefined)
    throw new UsageError(
      `there is no run '${word}'`,
      didYouMean(word, ids) ?? `the last one is ${ids[0] ?? ''}`,
    );
  if (found.length > 1)
    throw new UsageError(`'${word}' is the beginning of ${found.length} runs`, found.slice(0, 8).join(' '));
  const past = readPastRun(state, only);
  if (past === undefined)
    throw new UsageError(
      `run ${only} cannot be read`,
      `it was made by another version; look into ${state}/runs/${only}`,
    );
  return past;
}
