/** The compiled code beside the bundle: V8 refuses it without a word where it does not fit, and start-up is slow again. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each(['validate', 'plan'])('what `%s` runs was compiled by the build', (verb) => {
  const program = `
    const { kindOf, openBundle } = require('./bin/bundle.js');
    console.log(openBundle(kindOf('${verb}')).script.cachedDataRejected);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: 'false\n', stderr: '' });
});
