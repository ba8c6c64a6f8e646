/** `capacity`: what the fleet of an inventory can carry, and what is missing. Opens no connection. */
import { capacityAnswer } from '../fleet/capacity-answer.ts';
import { readFleet } from '../fleet/fleet.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import { capacityText } from '../render/capacity-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import { printDiagnostics } from '../source/caret.ts';
import { hasErrors } from '../source/diagnostic.ts';
import { diskFiles } from './disk-files.ts';
import { readExtraVars } from './extra-vars.ts';
import type { Output } from './output.ts';
import { caretColours, textOf } from './told.ts';
import { InvalidFiles, UsageError } from './usage.ts';

interface CapacityFlags {
  readonly extraVars: readonly string[];
  readonly webservers?: number;
  readonly connections?: number;
  readonly rate?: number;
  readonly addresses?: number;
  readonly memory?: number;
  readonly json?: true;
}

export function capacity(path: string, given: object, output: Output): Promise<number> {
  const flags = given as CapacityFlags;
  const { inventory, diagnostics: inInventory } = readInventory(
    diskFiles,
    path,
    readExtraVars(flags.extraVars),
  );
  if (inventory === undefined) throw new InvalidFiles(inInventory);
  const { fleet, diagnostics: inFleet } = readFleet(inventory);
  const found = [...inInventory, ...inFleet];
  if (hasErrors(found)) throw new InvalidFiles(found);
  if (fleet.gateways.size === 0)
    throw new UsageError('the inventory has no gateways', "add hosts to the group 'gateways'");
  if (found.length > 0) output.tell(printDiagnostics(found, { textOf, colours: caretColours(output) }));
  const answer = capacityAnswer(fleet, orderOf(flags));
  const exit = exitCodes.asWanted;
  if (flags.json === true)
    output.result(`${JSON.stringify({ v: 1, command: 'capacity', exit, ...answer })}\n`);
  else output.result(capacityText(answer, output.resultColours));
  return Promise.resolve(exit);
}

function orderOf({ memory, webservers, connections, rate, addresses }: CapacityFlags) {
  const wish = {
    ...(webservers === undefined ? {} : { webservers }),
    ...(connections === undefined ? {} : { connections }),
    ...(rate === undefined ? {} : { rate }),
    ...(addresses === undefined ? {} : { addressesPerGateway: addresses }),
  };
  return {
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(Object.keys(wish).length === 0 ? {} : { wish }),
  };
}
