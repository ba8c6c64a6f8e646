/** `schema`: JSON Schema, from the same definitions that check and document. For an editor: `# yaml-language-server: $schema=FILE`. */
import { inventorySchema } from '../inventory/schema.ts';
import { playbookSchema } from '../playbook/json-schema.ts';
import { eventSchema } from '../report/event.ts';
import { exitCodes } from '../report/exit-code.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { taskTypes } from '../tasks/registry.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage.ts';

export function schema(name: string, output: Output): Promise<number> {
  const schemas: Readonly<Record<string, () => object>> = {
    inventory: () => inventorySchema,
    playbook: () => playbookSchema(taskTypes),
    events: () => eventSchema,
  };
  const make = schemas[name];
  if (make === undefined)
    throw new UsageError(
      `there is no schema '${name}'`,
      didYouMean(name, Object.keys(schemas)) ?? 'inventory, playbook or events',
    );
  output.result(`${JSON.stringify(make(), null, 2)}\n`);
  return Promise.resolve(exitCodes.asWanted);
}
