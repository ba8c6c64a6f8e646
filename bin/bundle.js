// The bundle as a script with V8's compiled code beside it (dist/gwfleet.cache, made by the build): start-up costs what
// is run, not what is parsed. Another Node than the build's refuses the cache by itself and compiles as ever.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const folder = join(__dirname, '../dist');
const file = join(folder, 'gwfleet.cjs');
const cacheFile = join(folder, 'gwfleet.cache');

const given = 'exports, require, module, __filename, __dirname, importModule';

function openBundle() {
  const source = `(function (${given}) {${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, { filename: file, cachedData: compiled() });
  return { script, run: () => run(script) };
}

function run(script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, file, folder, importModule);
}

/** Modules beside the bundle by their relative path, Node's own by name. */
function importModule(name) {
  return import(name.startsWith('.') ? pathToFileURL(join(folder, name)).href : name);
}

function compiled() {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

module.exports = { cacheFile, openBundle };
