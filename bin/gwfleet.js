#!/usr/bin/env node
// Starts the bundle. NODE_ENV is set before the dynamic import: React leaks without it.
process.env.NODE_ENV ??= 'production';
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`gwfleet needs Node 20.19 or newer, this is ${process.version}\n`);
  process.exitCode = 5;
} else await import('../dist/gwfleet.js');
