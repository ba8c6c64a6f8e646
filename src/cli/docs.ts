/** `docs`: the manual pages of the task types, printed from their own definitions. */
import { exitCodes } from '../report/exit-code.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { manualIndex, manualPage } from '../tasks/manual.ts';
import { taskTypes } from '../tasks/registry.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage.ts';

export function docs(name: string | undefined, output: Output): Promise<number> {
  if (name === undefined) {
    output.result(`${manualIndex(taskTypes.values())}\ngwfleet docs TASK-TYPE prints its page\n`);
    return Promise.resolve(exitCodes.asWanted);
  }
  const type = taskTypes.get(name);
  if (type === undefined)
    throw new UsageError(
      `there is no task type '${name}'`,
      didYouMean(name, [...taskTypes.keys()]) ?? 'gwfleet docs lists them',
    );
  output.result(`${manualPage(type)}\n`);
  return Promise.resolve(exitCodes.asWanted);
}
