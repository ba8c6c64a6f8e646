// Bundles src into dist/: one small entry, chunks loaded on demand (Ink its own), see the facts on start-up.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const emptyDevtools = {
  name: 'empty-react-devtools',
  setup(context) {
    context.onResolve({ filter: /^react-devtools-core$/ }, () => ({
      path: 'react-devtools-core',
      namespace: 'empty',
    }));
    context.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
  },
};

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
  external: ['ssh2', 'cpu-features'],
  plugins: [emptyDevtools],
  logLevel: 'warning',
});
