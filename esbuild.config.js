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
  external: ['ssh2', 'cpu-features', 'react-devtools-core'],
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

/** A script has no `import()` of its own in Node 20: bin/bundle.js hands its own in. */
function writeScript({ path, text }) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text.replaceAll(/\bimport\((?=")/g, 'importModule('));
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
    plugins: [compiledValidators, commanderAlone, interfaceApart],
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
keepCompiledCode();

/** What the quick commands run is compiled once, here. A cache that could not be made costs time, nothing else. */
function keepCompiledCode() {
  const warmUp = ['--help', 'validate inventories/lab.yaml', 'inventory inventories/lab.yaml --list'];
  const program = `
    import { writeFileSync } from 'node:fs';
    import bundle from './bin/bundle.js';
    const { cacheFile, openBundle } = bundle;
    const { script, run } = openBundle();
    for (const words of ${JSON.stringify(warmUp)}) {
      process.argv = [process.execPath, 'gwfleet', ...words.split(' ')];
      run();
      await new Promise((resolve) => setImmediate(() => process.once('beforeExit', resolve)));
    }
    writeFileSync(cacheFile, script.createCachedData());
    process.exit(0);`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) process.stderr.write(`no compiled code is kept, start-up is slower:\n${stderr}\n`);
}
