/** `inventory --list|--graph|--host NAME`: the same answers as ansible-inventory. */
import { graph, hostListing, listing } from '../inventory/listing.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import { exitCodes } from '../report/exit-code.ts';
import { hasErrors } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { diskFiles } from './disk-files.ts';
import { readExtraVars } from './extra-vars.ts';
import type { Output } from './output.ts';
import { InvalidFiles, UsageError } from './usage.ts';

interface InventoryFlags {
  readonly list?: true;
  readonly graph?: true;
  readonly host?: string;
  readonly extraVars: readonly string[];
}

export function inventory(path: string, given: object, output: Output): Promise<number> {
  const flags = given as InventoryFlags;
  if ([flags.list, flags.graph, flags.host].filter((flag) => flag !== undefined).length !== 1) {
    throw new UsageError('inventory needs one of --list, --graph and --host NAME');
  }
  const read = readInventory(diskFiles, path, readExtraVars(flags.extraVars));
  if (read.inventory === undefined || hasErrors(read.diagnostics)) throw new InvalidFiles(read.diagnostics);
  if (flags.graph === true) output.result(`${graph(read.inventory)}\n`);
  else output.result(`${JSON.stringify(answer(read.inventory, flags), null, 4)}\n`);
  return Promise.resolve(exitCodes.asWanted);
}

function answer(read: Parameters<typeof listing>[0], { host }: InventoryFlags): object {
  if (host === undefined) return listing(read);
  const found = hostListing(read, host);
  if (found !== undefined) return found;
  throw new UsageError(
    `there is no host '${host}' in the inventory`,
    didYouMean(host, [...read.hosts.keys()]),
  );
}
