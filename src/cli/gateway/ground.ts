/** What every verb about one gateway begins with: the inventory as it stands, and that gateway in it. */
import { readFleet } from '../../fleet/fleet.ts';
import type { Fleet, Gateway } from '../../fleet/model.ts';
import { type GatewaySettings, gatewaySettings } from '../../inventory/domain.ts';
import type { Inventory } from '../../inventory/model.ts';
import { readInventory } from '../../inventory/read-inventory.ts';
import { hasErrors } from '../../source/diagnostic.ts';
import { didYouMean } from '../../source/did-you-mean.ts';
import type { Files } from '../../source/files.ts';
import { diskFiles } from '../disk-files.ts';
import { readExtraVars } from '../extra-vars.ts';
import type { Flags } from '../flags.ts';
import { InvalidFiles, UsageError } from '../usage.ts';

export interface Ground {
  readonly path: string;
  readonly name: string;
  readonly inventory: Inventory;
  readonly fleet: Fleet;
}

/** Mistakes between hosts are left to `readRequest`, which sees the inventory as it will be. */
export function readGround(
  path: string,
  name: string,
  { extraVars }: Pick<Flags, 'extraVars'>,
  files: Files = diskFiles,
): Ground {
  const { inventory, diagnostics } = readInventory(files, path, readExtraVars(extraVars));
  if (inventory === undefined || hasErrors(diagnostics)) throw new InvalidFiles(diagnostics);
  return { path, name, inventory, fleet: readFleet(inventory).fleet };
}

/** Throws UsageError when the inventory has no such gateway. */
export function gatewayIn({ path, name, inventory, fleet }: Ground): Gateway {
  const gateway = fleet.gateways.get(name);
  if (gateway !== undefined) return gateway;
  if (inventory.hosts.has(name))
    throw new UsageError(`${name} is in ${path}, but not in its group 'gateways'`);
  const names = [...fleet.gateways.keys()];
  throw new UsageError(
    `${path} has no gateway '${name}'`,
    didYouMean(name, names) ?? `its gateways: ${names.join(' ')}`,
  );
}

/** The pool of a gateway may be written at its twin. */
export function settingsOf({ host, pool }: Gateway): GatewaySettings {
  const { settings, diagnostics } = gatewaySettings(host);
  if (settings === undefined) throw new InvalidFiles(diagnostics);
  return { ...settings, pool };
}
