/** `docs`: the manual pages of the task types, printed from their own definitions; `--markdown` all of them as one file. */
import { exitCodes } from '../report/exit-code.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { manualBook, manualIndex, manualPage } from '../tasks/manual.ts';
import { taskTypes } from '../tasks/registry.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage.ts';

export interface DocsFlags {
  readonly markdown?: true;
}

export function docs(name: string | undefined, { markdown }: DocsFlags, output: Output): Promise<number> {
  if (name === undefined && markdown === true) {
    output.result(manualBook(taskTypes.values()));
    return Promise.resolve(exitCodes.asWanted);
  }
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
  output.result(markdown === true ? manualPage(type) : terminalPage(manualPage(type), output));
  return Promise.resolve(exitCodes.asWanted);
}

/** The page as a terminal shows it: headings bold, and the marks of code taken away. */
function terminalPage(page: string, { resultColours: { bold, cyan } }: Output): string {
  const lines = page.split('\n').filter((line) => !line.startsWith('```'));
  return lines
    .map((line) =>
      line.startsWith('#')
        ? bold(line.replace(/^#+ /, ''))
        : line.replaceAll(/`([^`]+)`/g, (_, code: string) => cyan(code)),
    )
    .join('\n');
}
