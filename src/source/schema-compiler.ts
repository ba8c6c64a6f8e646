/**
 * A JSON Schema made into a function. The bundle has this file replaced by functions that were compiled when it was
 * built (validators.config.js), since ajv costs a quarter of a second; only tests and the build itself run this one.
 */
import { Ajv2020, type AnySchemaObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';

/** `verbose`: an error brings its schema, which says what a key may be instead. */
export const compilerOptions: Options = {
  strict: true,
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  logger: false,
  addUsedSchema: false,
};

let shared: Ajv2020 | undefined;

export function compiledSchema(schema: AnySchemaObject): ValidateFunction {
  shared ??= new Ajv2020(compilerOptions);
  return shared.compile(schema);
}
