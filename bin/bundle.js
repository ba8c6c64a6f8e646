// The bundle as a script with V8's compiled code beside it (dist/gwfleet.cache, made by the build): start-up costs what
// is run, not what is parsed. Another Node than the build's refuses the cache by itself and compiles as ever.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const file = fileURLToPath(new URL('../dist/gwfleet.cjs', import.meta.url));
export const cacheFile = fileURLToPath(new URL('../dist/gwfleet.cache', import.meta.url));

const given = 'exports, require, module, __filename, __dirname, importModule';

export function openBundle() {
  const source = `(function (${given}) {${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, { filename: file, cachedData: compiled() });
  return { script, run: () => run(script) };
}

function run(script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file), importModule);
}

/** Modules beside the bundle by their relative path, Node's own by name. */
function importModule(name) {
  return import(name.startsWith('.') ? new URL(`../dist/${name}`, import.meta.url).href : name);
}

function compiled() {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}
