/** What the build compiles in place of schema-compiler.ts says the same as ajv at run time, error by error. */
import { build, type Plugin } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkedSchemas } from '../../src/playbook/checked-schemas.ts';
import { compiledSchema } from '../../src/source/schema-compiler.ts';

type Compile = typeof compiledSchema;

const root = new URL('../../', import.meta.url);
const junk = [
  null,
  1,
  -1,
  70_000,
  'x',
  '',
  'a b',
  true,
  [],
  [1],
  [''],
  [[]],
  {},
  { tcp: 1 },
  { deadline: '' },
];

let builtIn: Compile;

beforeAll(async () => {
  const { compiledValidators } = (await import(new URL('validators.config.js', root).href)) as {
    compiledValidators: Plugin;
  };
  const { outputFiles } = await build({
    absWorkingDir: root.pathname,
    entryPoints: ['src/source/schema-compiler.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [compiledValidators],
  });
  const text = Buffer.from(outputFiles[0]!.contents).toString('base64');
  ({ compiledSchema: builtIn } = (await import(`data:text/javascript;base64,${text}`)) as {
    compiledSchema: Compile;
  });
});

function errorsOf(compile: Compile, schema: object, value: unknown): unknown {
  const validate = compile(schema);
  const valid = validate(value);
  return JSON.parse(JSON.stringify({ valid, errors: validate.errors }));
}

describe.each(checkedSchemas.map((schema, index) => [index, schema] as const))('schema %i', (_, schema) => {
  it('is compiled with the bundle, and makes the same errors', () => {
    const { properties = {} } = schema as { properties?: Record<string, unknown> };
    const wrong = Object.keys(properties).flatMap((key) => junk.map((value) => ({ [key]: value })));
    for (const value of [...junk, { stranger: 1 }, ...wrong])
      expect(errorsOf(builtIn, schema, value)).toEqual(errorsOf(compiledSchema, schema, value));
  });
});

it('refuses a schema that nobody named to the build, instead of taking another', () => {
  expect(() => builtIn({ type: 'string', minLength: 77 })).toThrow('checked-schemas.ts');
});
