/** A host for the guard alone: network, /run, mounts and processes of its own, dash or busybox ash, and no ssh. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { applyScript } from '../../src/guard/apply-script.ts';
import type { GuardOrder } from '../../src/guard/guard-order.ts';
import { type Journal, readJournal } from '../../src/guard/journal.ts';
import { settleScript } from '../../src/guard/settle-script.ts';
import { cksum } from '../../src/plan/cksum.ts';
import type { TaskPlan } from '../../src/plan/plan.ts';
import { nothing, sh } from '../../src/shell/sh.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import { facts } from '../tasks/samples.ts';

/** A task whose object is one file in the namespace's own /run, so that its fate is easy to see. */
const marker: AnyTaskType = {
  name: 'marker',
  summary: 'a file',
  doc: '',
  examples: [],
  schema: {} as AnyTaskType['schema'],
  problems: () => [],
  object: (args) => `marker ${String(args)}`,
  probe: (args) => sh`cat /run/${String(args)} 2>/dev/null || echo absent`,
  read: () => ({ kind: 'absent' }),
  desired: () => ({ kind: 'state', state: null }),
  changes: () => [],
  apply: (_, to) => sh`${{ ...nothing, text: to as string }}`,
  boot: () => [],
  undo: 'turned',
  touches: 'reachability',
};
export const markerTypes = new Map([['marker', marker]]);

export interface Machine {
  readonly init: ChildProcess;
  run(script: string): { stdout: string; code: number | null };
  start(script: string): ChildProcess;
  /** The whole apply script; what it said. */
  begin(order: GuardOrder): { readonly run: Journal };
  /** The controller's new connection, with this verdict. */
  contact(verdict: string): Journal;
  /** The name of the state's file. */
  state(): string;
}
const machines: Machine[] = [];

/** For afterEach: killing the init of a machine ends everything in it. */
export function endMachines(): void {
  for (const { init } of machines.splice(0)) init.kill('SIGKILL');
}

/** Own network, mounts and processes; killing its init ends everything in it. */
export function machine(shell = 'dash'): Machine {
  const init = spawn('unshare', [
    '-n',
    '-m',
    '-p',
    '-f',
    '--mount-proc',
    '--kill-child',
    'sh',
    '-c',
    'mount -t tmpfs tmpfs /run; echo up; exec sleep 1000',
  ]);
  const pid = () => spawnSync('pgrep', ['-P', String(init.pid)], { encoding: 'utf8' }).stdout.trim();
  const enter = () => ['-t', pid(), '-n', '-m', '-p', shell, ...(shell === 'busybox' ? ['ash'] : []), '-c'];
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      pid() !== '' &&
      spawnSync('nsenter', [...enter(), 'grep -q "tmpfs /run tmpfs" /proc/mounts']).status === 0
    )
      break;
  }
  const run = (script: string) => {
    const { stdout, status } = spawnSync('nsenter', [...enter(), script], { encoding: 'utf8' });
    return { stdout, code: status };
  };
  const made: Machine = {
    init,
    run,
    start: (script) => spawn('nsenter', [...enter(), script], { stdio: 'pipe' }),
    begin: (order) => ({ run: readJournal(order.mark, run(applyScript(order, markerTypes).text).stdout) }),
    contact: (verdict) => {
      const script = settleScript({ guardId: testRun, mark: 'mark' }, nothing).text;
      return readJournal('mark', run(`echo ${verdict} | { ${script}\n}`).stdout);
    },
    state: () => run(`cd /run/gwfleet/${testRun}; ls -d armed confirmed roll* 2>/dev/null`).stdout.trim(),
  };
  machines.push(made);
  return made;
}

export function task(id: string, apply: string, undo: string, seen = 'absent\n'): TaskPlan {
  return {
    id,
    type: 'marker',
    name: id,
    place: { file: 'x', line: 1, col: 1 },
    object: `marker ${id}`,
    args: id,
    from: undo,
    to: apply,
    changes: [{ action: 'create', kind: 'marker', name: id }],
    notes: [],
    seen: cksum(seen),
  };
}

export const create = (id: string): TaskPlan => task(id, `echo here >/run/${id}`, `rm -f /run/${id}`);

const testRun = '20260101-000000-test.1';

export function guardOrder(
  tasks: readonly TaskPlan[],
  seconds: number | null,
  guardId = testRun,
): GuardOrder {
  return {
    guardId,
    owner: 'me@here',
    mark: `m-${randomBytes(4).toString('hex')}`,
    tasks,
    confirmTimeoutSeconds: seconds,
    facts,
    now: 1_700_000_000,
  };
}

/** Waits for what must come; the test's own time limit ends a wait in vain. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(200);
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
