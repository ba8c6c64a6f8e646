/**
 * A network namespace and a folder in which task types run for real, one shell after the other. `using` takes both
 * away again, also when a test fails.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Output } from '../../src/shell/frames.ts';
import { block, type Script } from '../../src/shell/sh.ts';
import { factsProbe, firstLook, readFacts } from '../../src/tasks/facts-probe.ts';
import type { Json, Observation, TaskType, Wanted } from '../../src/tasks/task-type.ts';

/** The shells that scripts must run under. */
export const shells: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['dash', ['dash', '-c']],
  ['busybox ash', ['busybox', 'ash', '-c']],
];

export interface TaskHost extends Disposable {
  readonly folder: string;
  run(script: Script | string): Output;
}

let count = 0;

export function taskHost(shell: readonly string[]): TaskHost {
  count += 1;
  const name = `gwft-${process.pid}-${count}`;
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-task-host-'));
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  return {
    folder,
    run: (script) => {
      const text = typeof script === 'string' ? script : script.text;
      const run = spawnSync('ip', ['netns', 'exec', name, ...shell, text], {
        encoding: 'utf8',
        input: '',
        timeout: 60_000,
        maxBuffer: 8 * 1024 ** 2,
      });
      if (run.error !== undefined) throw run.error;
      return { code: run.status ?? 255, stdout: run.stdout, stderr: run.stderr };
    },
    [Symbol.dispose]: () => {
      spawnSync('ip', ['netns', 'del', name]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a plan for one task would be now. */
export function planned<Args, State extends Json>(
  host: TaskHost,
  type: TaskType<Args, State>,
  args: Args,
): { readonly seen: Observation<State>; readonly from: State | null; readonly wanted: Wanted<State> } {
  const seen = type.read(host.run(type.probe(args)), args);
  const facts = readFacts(host.run(block(firstLook(), factsProbe)));
  const from = seen.kind === 'present' ? seen.state : null;
  return { seen, from, wanted: type.desired(args, seen, facts) };
}

/** Probe, apply, probe: the result is what was wanted, and a second plan is empty. Gives the two ends. */
export function applied<Args, State extends Json>(
  host: TaskHost,
  type: TaskType<Args, State>,
  args: Args,
): { readonly from: State | null; readonly to: State | null } {
  const { seen, from, wanted } = planned(host, type, args);
  if (seen.kind === 'unknown') throw new Error(seen.why);
  if (wanted.kind === 'refused') throw new Error(wanted.why);
  const to = wanted.state;
  expect(type.changes(from, to)).not.toEqual([]);
  expect(host.run(type.apply(from, to))).toMatchObject({ code: 0, stderr: '' });
  const after = planned(host, type, args);
  expect(type.changes(after.from, to)).toEqual([]);
  expect(after.wanted.kind === 'state' && type.changes(after.from, after.wanted.state)).toEqual([]);
  return { from, to };
}

/** Undo, and a look: the probe says what it said before the change. */
export function turnedBack<Args, State extends Json>(
  host: TaskHost,
  type: TaskType<Args, State>,
  { args, from, to }: { readonly args: Args; readonly from: State | null; readonly to: State | null },
): void {
  expect(host.run(type.apply(to, from))).toMatchObject({ code: 0, stderr: '' });
  expect(planned(host, type, args).from).toEqual(from);
}
