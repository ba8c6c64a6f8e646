/** gwfleet as a process of its own in a lab, that a test can watch, signal and kill; and a state folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryTo, labCalled } from '../../src/lab/exec.ts';
import type { Fleet } from './fleet.ts';

const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said on stderr so far. */
  said(): string;
  /** And on stdout. */
  shown(): string;
  /** Waits until it has said something like this. */
  until(words: RegExp): Promise<void>;
}

/** `state` is the XDG state folder. Lines on stderr, no colours. */
export function start(lab: Fleet, args: readonly string[], state = stateOf(lab)): Process {
  const argv = [process.execPath, program, ...args];
  const env = { XDG_STATE_HOME: state, NO_COLOR: '1' };
  const entry = entryTo(labCalled(lab.name), 'controller', argv, { env });
  const child = spawn(entry.command, entry.args, { env: entry.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const heard = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    heard.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    heard.stderr += chunk.toString();
  });
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      over = true;
      resolve({ code, ...heard });
    });
  });
  const until = async (words: RegExp): Promise<void> => {
    for (let tries = 0; !words.test(heard.stderr); tries += 1) {
      if (over || tries > 6000)
        throw new Error(`never said ${String(words)}:\n${heard.stderr}${heard.stdout}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { child, ended, said: () => heard.stderr, shown: () => heard.stdout, until };
}

/** Runs it to its end. */
export function gwfleet(lab: Fleet, args: readonly string[], state = stateOf(lab)): Promise<Ended> {
  return start(lab, args, state).ended;
}

export function stateOf(lab: Fleet): string {
  return join(lab.folder, 'state');
}

/** Ids of the runs, the newest first; of two of one second the ids do not tell it. */
export function runIds(lab: Fleet): readonly string[] {
  const runs = join(stateOf(lab), 'gwfleet', 'runs');
  const startOf = (run: string): string => {
    const { startedAt } = JSON.parse(readFileSync(join(runs, run, 'run.json'), 'utf8')) as {
      startedAt: string;
    };
    return startedAt;
  };
  return readdirSync(runs).toSorted((left, right) => startOf(right).localeCompare(startOf(left)));
}

/** The journal of a run. */
export function journalOf(
  lab: Fleet,
  run: string,
): readonly { type: string; host?: string; result?: string }[] {
  return readFileSync(join(stateOf(lab), 'gwfleet', 'runs', run, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { type: string });
}

/** Names of the locks on inventories that are there. */
export function inventoryLocks(lab: Fleet): readonly string[] {
  const folder = join(stateOf(lab), 'gwfleet', 'locks');
  return existsSync(folder) ? readdirSync(folder) : [];
}
