// Bundles src into dist/: the commands as one script whose compiled code is kept beside it (bin/bundle.js), the
// interface and the lab's internet as modules that are loaded when they are needed. See the facts on start-up.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { compiledValidators } from './validators.config.js';

const both = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  define: { 'process.env.NODE_ENV': '"production"' },
  jsx: 'automatic',
  // Ink asks for the developer tools only when DEV is set.
  external: ['react-devtools-core'],
  logLevel: 'warning',
};

/** Ink waits for its layout engine at the top of a module, which a script can't: it stays a module of its own. */
const interfaceApart = {
  name: 'interface-apart',
  setup({ onResolve, onEnd }) {
    onResolve({ filter: /\/(live-display|status-screen|watch-screen)\.ts$/ }, ({ path }) => ({
      path: path.replace(/ts$/, 'js'),
      external: true,
    }));
    onEnd(({ outputFiles = [] }) => outputFiles.forEach(writeScript));
  },
};

/** commander would load Node's child processes, and the sockets behind them, for a feature that is not used. */
const commanderAlone = {
  name: 'commander-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer, path }) =>
      importer.includes('node_modules/commander/') ? { path, namespace: 'when-used' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'when-used' }, ({ path }) => ({
      contents: `module.exports = { get spawn() { return require('${path}').spawn; } };`,
    }));
  },
};

/**
 * ssh2 looks for native code that we never build, which takes longer than to be told that there is none; and it has
 * agents for HTTP through a host, for which Node's HTTP would be loaded.
 */
const ssh2Alone = {
  name: 'ssh2-alone',
  setup({ onResolve, onLoad }) {
    onLoad({ filter: /\/ssh2\/lib\/http-agents\.js$/ }, () => ({ contents: 'module.exports = {};' }));
    onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: 'native' }));
    onLoad({ filter: /.*/, namespace: 'native' }, () => ({ contents: `throw new Error('not built');` }));
  },
};

/** A function of what bin/bundle.js hands in: a script has no `import()` of its own in Node 20. */
function writeScript({ path, text }) {
  const given = 'exports, require, module, __filename, __dirname, importModule';
  const body = text.replaceAll(/\bimport\((?=")/g, 'importModule(');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `(function (${given}) {${body}\n})`);
}

rmSync('dist', { recursive: true, force: true });
await Promise.all([
  build({
    ...both,
    entryPoints: { gwfleet: 'src/cli/main.ts' },
    format: 'cjs',
    write: false,
    outExtension: { '.js': '.cjs' },
    banner: { js: "const gwfleetUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { ...both.define, 'import.meta.url': 'gwfleetUrl' },
    plugins: [compiledValidators, commanderAlone, ssh2Alone, interfaceApart],
  }),
  build({
    ...both,
    entryPoints: {
      'live-display': 'src/cli/live-display.ts',
      'status-screen': 'src/cli/status-screen.ts',
      'watch-screen': 'src/cli/gateway/watch-screen.ts',
      'lab-internet': 'src/lab/internet.ts',
    },
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    banner: {
      js: "import { createRequire as gwfleetRequire } from 'node:module'; const require = gwfleetRequire(import.meta.url);",
    },
    plugins: [compiledValidators],
  }),
]);
for (const kind of ['files', 'hosts']) keepCompiledCode(kind);

/** What commands run is compiled once, here. Compiled code that could not be made costs time, nothing else. */
function keepCompiledCode(kind) {
  const { status, stderr } = spawnSync(process.execPath, ['compiled-code.config.js', kind], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) process.stderr.write(`no compiled code is kept, start-up is slower:\n${stderr}\n`);
}
