// Bundles src into dist/: one small entry, chunks loaded on demand, see the facts on start-up.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { compiledValidators } from './validators.config.js';

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: { gwfleet: 'src/cli/main.ts', 'lab-internet': 'src/lab/internet.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: {
    js: "import { createRequire as gwfleetRequire } from 'node:module'; const require = gwfleetRequire(import.meta.url);",
  },
  jsx: 'automatic',
  // Ink asks for the developer tools only when DEV is set.
  external: ['ssh2', 'cpu-features', 'react-devtools-core'],
  plugins: [compiledValidators],
  logLevel: 'warning',
});
