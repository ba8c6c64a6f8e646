/**
 * Before all lab tests: the bundle, once, and no leftovers of test runs that died. After them: no lab of this run.
 * A machine that cannot run the lab fails here, with what is missing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { labDown } from '../../src/lab/down.ts';
import { missingForLab } from '../../src/lab/preflight.ts';
import { labNames } from '../../src/lab/state.ts';

/** Vitest's hook; what it returns runs at the end. */
export async function setup(): Promise<() => Promise<void>> {
  const missing = missingForLab();
  if (missing.length > 0) throw new Error(`this machine cannot run the lab tests:\n${missing.join('\n')}`);
  const folder = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, ['esbuild.config.js'], { cwd: folder, stdio: 'inherit' });
  await removeLabs((pid) => !existsSync(`/proc/${pid}`));
  Object.assign(process.env, { GWFLEET_TEST_RUN: `t${process.pid}` });
  return () => removeLabs((pid) => pid === process.pid);
}

/** Labs of tests are called after the process that runs the tests: t123-ab12cd34. */
async function removeLabs(wanted: (pid: number) => boolean): Promise<void> {
  for (const name of labNames()) {
    const pid = /^t(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && wanted(Number(pid))) await labDown(name);
  }
}
