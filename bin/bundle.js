// The bundle as a script with V8's compiled code beside it (made by the build: compiled-code.config.js): start-up costs
// what is run, not what is parsed. Another Node than the build's refuses that code by itself and compiles as ever.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const folder = join(__dirname, '../dist');
const file = join(folder, 'gwfleet.cjs');
const cacheFiles = { files: join(folder, 'gwfleet.cache'), hosts: join(folder, 'gwfleet-hosts.cache') };
const toHosts = new Set(['apply', 'plan', 'gateway', 'failover', 'watch', 'status', 'rollback', 'hostkeys']);

/** For commands that go to hosts, or that only read files. */
function openBundle(kind) {
  if (kind === 'hosts' && process.versions.node.startsWith('20.')) optimizeLater();
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    cachedData: compiled(cacheFiles[kind]),
  });
  return { script, run: () => run(script) };
}

/**
 * What a run of seconds makes hot is not used long enough to be worth a tenth of its CPU for the optimizer, which by
 * default begins after an eighth of this. The compiled code is bound to it.
 */
function optimizeLater() {
  require('node:v8').setFlagsFromString('--interrupt-budget=1000000');
}

function kindOf(verb) {
  return toHosts.has(verb) ? 'hosts' : 'files';
}

function run(script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, file, folder, importModule);
}

/** Modules beside the bundle by their relative path, Node's own by name. */
function importModule(name) {
  return import(name.startsWith('.') ? pathToFileURL(join(folder, name)).href : name);
}

function compiled(cacheFile) {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

module.exports = { cacheFiles, kindOf, openBundle };
