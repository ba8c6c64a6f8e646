/** The plan that a run kept of itself; none where it was not kept, or by another version. */
import { join } from 'node:path';
import type { Plan } from '../plan/plan.ts';
import { runFolder } from '../run/history.ts';
import { readPlanFile } from './plan-file.ts';

export function keptPlan(state: string, run: string): Plan | undefined {
  try {
    return readPlanFile(join(runFolder(state, run), 'plan.json'))?.plan;
  } catch {
    return undefined;
  }
}
