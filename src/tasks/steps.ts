/**
 * The two idioms of every task script: a step that fails ends the script, and a program that is not there is said
 * in words. `set -e` is not used: it is switched off inside `( ... ) || ...`, where a caller may put us.
 */
import type { Output } from '../shell/frames.ts';
import { block, type Script, sh } from '../shell/sh.ts';
import type { Observation } from './task-type.ts';

/** Runs the scripts one after the other; the first failure ends the whole script with its exit code. */
export function steps(...scripts: readonly Script[]): Script {
  return block(...scripts.filter(({ text }) => text !== '').map(step));
}

/** Ends the script with 127 and a sentence when the program is not on the host. */
export function requireTool(tool: string, debianPackage: string): Script {
  const words = `${tool} is not installed on the host: apt install ${debianPackage}`;
  return sh`command -v ${tool} >/dev/null 2>&1 || { echo ${words} >&2; exit 127; }`;
}

/** What a probe that did not end with 0 is: never absent. */
export function failedProbe(output: Output): Extract<Observation<never>, { kind: 'unknown' }> {
  const said = output.stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-9)
    .join('; ');
  return { kind: 'unknown', why: said === '' ? `the probe ended with code ${output.code}` : said };
}

function step(script: Script): Script {
  return sh`{
${script}
} || exit`;
}
