/** gwfleet as a process of its own that a fault can stop, continue and kill; and waiting for what happens on hosts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryTo, labCalled } from '../../../src/lab/exec.ts';
import type { Fleet } from '../fleet.ts';
import { type Lane, type Tail, writePlaybooks } from './lanes.ts';

const program = fileURLToPath(new URL('../../../bin/gwfleet.js', import.meta.url));

export interface HostTold {
  readonly result: string;
  readonly message?: string;
  readonly next?: string;
}

export interface Ended {
  /** Undefined when it was killed. */
  readonly code: number | undefined;
  readonly hosts: Readonly<Record<string, HostTold>>;
  readonly stderr: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly state: string;
}

/** Short where the host must roll back, long where a loaded machine must be in time to confirm. */
const guardTimes: Readonly<Record<Tail, string>> = {
  none: '30s',
  brief: '5s',
  slow: '30s',
  waits: '60s',
  traceless: '8s',
  fails: '8s',
  hangs: '8s',
};

let runs = 0;

/** Starts `gwfleet apply` for the hosts of a lane. */
export function start(lab: Fleet, lane: Lane, tail: Tail): Run {
  runs += 1;
  const state = join(lab.folder, `state-${runs}`);
  const playbook = writePlaybooks(lab.folder)(tail);
  const argv = ['apply', lab.inventory, '-p', playbook, '-l', lane.names.join(','), '--yes', '--json'];
  const entry = entryTo(
    labCalled(lab.name),
    'controller',
    [process.execPath, program, ...argv, '--confirm-timeout', guardTimes[tail]],
    { env: { XDG_STATE_HOME: state } },
  );
  const child = spawn(entry.command, entry.args, { env: entry.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) =>
      resolve({ code: code ?? undefined, hosts: hostsIn(said.out), stderr: said.err }),
    );
  });
  return { child, ended, state };
}

function hostsIn(stdout: string): Ended['hosts'] {
  return stdout === '' ? {} : (JSON.parse(stdout) as { hosts: Ended['hosts'] }).hosts;
}

/** The events that the run has written down. */
export function events(run: Run): readonly { type: string; host?: string; result?: string; exit?: number }[] {
  const folder = join(run.state, 'gwfleet', 'runs');
  return readdirSync(folder).flatMap((id) =>
    readFileSync(join(folder, id, 'events.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { type: string }),
  );
}

/** Waits on a host for files (a glob each, any of them), then runs the action there. */
export async function onceThere(lab: Fleet, host: string, files: string, action = ':'): Promise<void> {
  const there = `for f in ${files}; do [ -e "$f" ] && return 0; done; return 1`;
  await lab.run(
    host,
    `there() { ${there}; }\nn=0; until there; do n=$((n+1)); [ $n -lt 6000 ] || exit 9; sleep 0.02; done\n${action}`,
  );
}

export const guardFile = (name: string): string => `/run/gwfleet/*/${name}`;

export async function onAll(lane: Lane, action: (host: string) => Promise<unknown>): Promise<void> {
  await Promise.all(lane.names.map(action));
}
