/** `report`: a run of the past as one HTML file. */
import { writeFileSync } from 'node:fs';
import { page } from '../render/page/page.ts';
import { exitCodes } from '../report/exit-code.ts';
import { stateFolder } from '../run/history.ts';
import { keptPlan } from './kept-plan.ts';
import { keptFills } from './look-memory.ts';
import type { Output } from './output.ts';
import { runCalled } from './run-word.ts';
import { UsageError } from './usage.ts';

export function reportPage(word: string, file: string, output: Output): Promise<number> {
  const folder = stateFolder(process.env);
  const { record, events, state } = runCalled(folder, word);
  const fills = keptFills(record.inventoryFile, process.env);
  const text = page({ ...record, events, state, fills, plan: keptPlan(folder, record.run) });
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  output.result(`${file}\n`);
  return Promise.resolve(exitCodes.asWanted);
}
