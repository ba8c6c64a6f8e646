/**
 * The way from the machine into a lab: `gwfleet apply inventories/lab.yaml` typed anywhere starts itself again in the
 * controller's network namespace. The inventory says which lab by the variable `gwfleet_lab`.
 */
import { type Entry, entryTo } from './exec.ts';
import { findLab } from './state.ts';

/**
 * How to run this very command again inside the lab, or undefined when there is no need: no lab is named, we are inside
 * already, or that lab is not up (its hosts are simply unreachable then).
 */
export function labReentry(
  variables: ReadonlyMap<string, unknown>,
  { GWFLEET_LAB }: NodeJS.ProcessEnv = process.env,
): Entry | undefined {
  const name = variables.get('gwfleet_lab');
  if (typeof name !== 'string' || GWFLEET_LAB === name) return undefined;
  const lab = findLab(name);
  if (lab === undefined) return undefined;
  return entryTo(lab, 'controller', [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {});
}
