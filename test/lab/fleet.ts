/**
 * A lab for a test file: its own name, taken down after the file whatever happened. Importing this registers the
 * cleaning; a worker that is killed leaves its labs to `global-setup.ts`.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { type ExecOptions, type ExecResult, labExec } from '../../src/lab/exec.ts';
import { hostReboot, hostStart, hostStop, linkSet } from '../../src/lab/reboot.ts';
import { type LabOptions, labUp } from '../../src/lab/up.ts';
import { checkJournals } from './journals.ts';

export interface Fleet {
  readonly name: string;
  /** Path of the inventory that gwfleet is given. */
  readonly inventory: string;
  /** The lab's folder: known_hosts, id_ed25519, ssh_config. */
  readonly folder: string;
  /** sh in a host (or `controller`, `internet`). A string is a script, a list is argv. */
  exec(host: string, command: string | readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** As exec, but a command that fails is an error; gives stdout. */
  run(host: string, command: string | readonly string[], options?: ExecOptions): Promise<string>;
  /** The bundle, in the controller's namespace. */
  gwfleet(args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  reboot(host: string): Promise<void>;
  stop(host: string): Promise<void>;
  start(host: string): Promise<void>;
  link(host: string, iface: 'eth0' | 'eth1', state: 'up' | 'down'): Promise<void>;
  down(): Promise<void>;
}

const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));
const open = new Set<string>();

afterAll(async () => {
  for (const name of open) await labDown(name);
  open.clear();
});

/** A name that no other lab has, and that says which test run it belongs to. */
export function uniqueLabName(): string {
  const { GWFLEET_TEST_RUN = `t${process.pid}` } = process.env;
  const name = `${GWFLEET_TEST_RUN}-${randomBytes(4).toString('hex')}`;
  open.add(name);
  return name;
}

/** Brings a lab up. */
export async function fleet(options: Omit<LabOptions, 'name'>): Promise<Fleet> {
  const name = uniqueLabName();
  const { folder } = await labUp({ ...options, name });
  const exec: Fleet['exec'] = (host, command, execOptions) =>
    labExec(name, host, typeof command === 'string' ? ['sh', '-c', command] : command, execOptions);
  return {
    name,
    folder,
    inventory: `${folder}/inventory.yaml`,
    exec,
    run: async (host, command, execOptions) => {
      const { code, stdout, stderr } = await exec(host, command, execOptions);
      if (code !== 0) throw new Error(`${host}: exit ${code}: ${stderr}${stdout}`);
      return stdout;
    },
    gwfleet: async (args, execOptions) => {
      const ended = await exec('controller', [process.execPath, program, ...args], execOptions);
      checkJournals(ended.stderr);
      return ended;
    },
    reboot: (host) => hostReboot(name, host),
    stop: (host) => hostStop(name, host),
    start: (host) => hostStart(name, host),
    link: (host, iface, state) => linkSet(name, host, { iface, state }),
    down: async () => {
      await labDown(name);
      open.delete(name);
    },
  };
}
