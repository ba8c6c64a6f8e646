// Compiles the validators of all checked schemas when the bundle is built, in place of src/source/schema-compiler.ts.
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

/** A plugin for esbuild. */
export const compiledValidators = {
  name: 'compiled-validators',
  setup({ onLoad, initialOptions }) {
    const root = initialOptions.absWorkingDir ?? process.cwd();
    onLoad({ filter: /\/source\/schema-compiler\.ts$/ }, async () => ({
      contents: await validatorsModule(),
      loader: 'js',
      resolveDir: root,
    }));
  },
};

/** The module's text. A schema is found by its own JSON, so that nothing can be taken for another. */
export async function validatorsModule() {
  const { checkedSchemas, compilerOptions } = await sourceOfSchemas();
  const ajv = new Ajv2020({ ...compilerOptions, code: { source: true } });
  const names = {};
  for (const [index, schema] of checkedSchemas.entries()) {
    ajv.addSchema(schema, `schema${index}`);
    names[`validate${index}`] = `schema${index}`;
  }
  const rows = checkedSchemas.map((schema, index) => [JSON.stringify(schema), `validate${index}`]);
  return `const exports = {};
${standalone.default(ajv, names)}
const compiled = new Map([${rows.map(([key, name]) => `[${JSON.stringify(key)}, exports.${name}]`).join(',\n')}]);
export function compiledSchema(schema) {
  const found = compiled.get(JSON.stringify(schema));
  if (found === undefined) throw new Error('a schema that src/playbook/checked-schemas.ts does not name');
  return found;
}
`;
}

/** The schemas as the sources have them now. */
async function sourceOfSchemas() {
  const { outputFiles } = await build({
    entryPoints: ['src/playbook/checked-schemas.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    write: false,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('file:///');" },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
