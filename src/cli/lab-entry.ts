/**
 * An inventory of a lab is carried out from the lab's own controller: the same command line is run again inside its
 * network namespace, so that a wrong rule or route really cuts the way in.
 */
import { spawn } from 'node:child_process';
import type { Inventory } from '../inventory/model.ts';

/** The exit code of the run inside, or undefined when this is no lab's inventory or we are inside already. */
export async function enterLab(inventory: Inventory): Promise<number | undefined> {
  const [first] = inventory.hosts.values();
  if (first?.variables.has('gwfleet_lab') !== true) return undefined;
  const { labReentry } = await import('../lab/reentry.ts');
  const entry = labReentry(first.variables);
  if (entry === undefined) return undefined;
  const child = spawn(entry.command, entry.args, { stdio: 'inherit', env: entry.env });
  // The terminal sends Ctrl-C to both, and the one inside decides what it means; `kill` means only us.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 99));
  });
}
