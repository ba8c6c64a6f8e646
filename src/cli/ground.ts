/** What a command without a playbook needs of the user's files: the inventory, a limit, how to reach hosts. */
import type { Inventory } from '../inventory/model.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import type { Target } from '../remote/remote.ts';
import { type Diagnostic, hasErrors } from '../source/diagnostic.ts';
import { diskFiles } from './disk-files.ts';
import { readExtraVars } from './extra-vars.ts';
import type { Flags } from './flags.ts';
import { limitedHosts } from './limit.ts';
import { furtherTargets } from './targets.ts';
import { InvalidFiles } from './usage.ts';

export interface Ground {
  readonly inventory: Inventory;
  /** Within --limit. */
  isWanted(host: string): boolean;
  targetsOf(hosts: Iterable<string>): ReadonlyMap<string, Target>;
  readonly warnings: readonly Diagnostic[];
}

/** Throws InvalidFiles with all mistakes. */
export function readGround(path: string, flags: Flags, becomePassword: string | undefined): Ground {
  const { inventory, diagnostics } = readInventory(diskFiles, path, readExtraVars(flags.extraVars));
  const found = [...diagnostics];
  if (inventory === undefined || hasErrors(found)) throw new InvalidFiles(found);
  const limited = limitedHosts(inventory, flags.limit, found);
  if (hasErrors(found)) throw new InvalidFiles(found);
  return {
    inventory,
    isWanted: (host) => inventory.hosts.has(host) && limited?.has(host) !== false,
    targetsOf: (hosts) => furtherTargets(inventory, hosts, { flags, becomePassword }),
    warnings: found,
  };
}
