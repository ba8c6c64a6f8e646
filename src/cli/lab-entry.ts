/**
 * An inventory of a lab is carried out from the lab's own controller: the same command line is run again inside its
 * network namespace, so that a wrong rule or route really cuts the way in.
 */
import type { Inventory } from '../inventory/model.ts';

/** The exit code of the run inside, or undefined when this is no lab's inventory or we are inside already. */
export async function enterLab(inventory: Inventory): Promise<number | undefined> {
  const [first] = inventory.hosts.values();
  if (first?.variables.has('gwfleet_lab') !== true) return undefined;
  const { labReentry } = await import('../lab/reentry.ts');
  const entry = labReentry(first.variables);
  if (entry === undefined) return undefined;
  const { spawn } = await import('node:child_process');
  const child = spawn(entry.command, entry.args, { stdio: 'inherit', env: entry.env });
  // A terminal sends Ctrl-C to both; what was sent to us alone is passed on. The one inside decides what it means, and
  // takes the SIGHUP of a closed terminal, which comes twice, for one.
  const alone = !process.stdin.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => (alone || signal !== 'SIGINT' ? child.kill(signal) : undefined));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 99));
  });
}
