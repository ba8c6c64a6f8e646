#!/usr/bin/env node
// Starts the bundle. NODE_ENV is set before anything is loaded: React leaks without it. This folder is CommonJS
// (package.json): Node's loader of modules costs as much as all of the commands' own start.
const { kindOf, openBundle } = require('./bundle.js');

process.env.NODE_ENV ??= 'production';
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`gwfleet needs Node 20.19 or newer, this is ${process.version}\n`);
  process.exitCode = 5;
} else openBundle(kindOf(process.argv[2])).run();
