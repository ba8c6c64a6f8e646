/** Every schema that files are checked against: what the build compiles. One that is missing here fails in the bundle. */
import type { TSchema } from '@sinclair/typebox';
import { gatewaySchema, webserverSchema } from '../inventory/domain-schema.ts';
import { taskTypes } from '../tasks/registry.ts';
import { playSchema, taskSchema } from './keyword.ts';

export const checkedSchemas: readonly TSchema[] = [
  gatewaySchema,
  webserverSchema,
  playSchema,
  taskSchema,
  ...[...taskTypes.values()].map((type) => type.schema),
];

export { compilerOptions } from '../source/schema-compiler.ts';
