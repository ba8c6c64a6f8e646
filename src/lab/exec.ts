/**
 * Runs a command inside a lab. In the controller only the network is the lab's: file system, working folder and
 * processes are the user's own. In a host everything is the host's.
 */
import { type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { labPath } from './preflight.ts';
import { LabProblem } from './problem.ts';
import { findLab, hostPid, type Lab } from './state.ts';

export interface ExecOptions {
  readonly input?: string;
  /** Added to the environment; a host's own environment is otherwise just HOME, PATH and TERM. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of the machine for the controller; of the host otherwise (default /root). */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly timeoutSeconds?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + signal number when a signal ended it, as a shell says it. */
  readonly code: number;
}

/** A command line that enters the namespaces, for whoever spawns it. */
export interface Entry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs argv and collects what it says. Throws a LabProblem when the lab or the host is not up. */
export async function labExec(
  name: string,
  host: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const entry = entryTo(labCalled(name), host, argv, options);
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const child = start(entry, { ...placeOf(host, options), stdio: 'pipe' }, options);
  child.stdout?.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const code = await ended(child);
  return {
    stdout: Buffer.concat(chunks.stdout).toString(),
    stderr: Buffer.concat(chunks.stderr).toString(),
    code,
  };
}

/** Runs argv on our own terminal and returns its exit code. */
export async function labExecHere(name: string, host: string, argv: readonly string[]): Promise<number> {
  const entry = entryTo(labCalled(name), host, argv, {});
  const child = start(entry, { stdio: 'inherit' }, {});
  // Ctrl-C reaches the whole foreground group by itself; the command decides what it means.
  const ignore = () => undefined;
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', ignore).on('SIGTERM', passOn).on('SIGHUP', passOn);
  try {
    return await ended(child);
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', passOn).off('SIGHUP', passOn);
  }
}

/** The lab, or a LabProblem that says how to get it. */
export function labCalled(name: string): Lab {
  const lab = findLab(name);
  if (lab === undefined)
    throw new LabProblem(
      `lab ${name} is not up`,
      `gwfleet lab up${name === 'default' ? '' : ` --name ${name}`}`,
    );
  return lab;
}

/** nsenter and its arguments for the controller's network or a host's namespaces. */
export function entryTo(lab: Lab, host: string, argv: readonly string[], options: ExecOptions): Entry {
  if (host === 'controller' || host === 'internet') return entryToNetwork(lab, host, argv, options);
  const { TERM = 'dumb' } = process.env;
  const pid = hostPid(lab, host);
  if (pid === undefined) throw new LabProblem(`lab ${lab.name} has no host ${host} that is up`);
  return {
    command: 'nsenter',
    args: [
      ...['--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--'],
      // nsenter waits outside for what it started inside; without this a killed nsenter would leave that running.
      ...['setpriv', '--pdeathsig', 'KILL'],
      ...['sh', '-c', 'cd -- "$0" && exec "$@"', options.cwd ?? '/root', ...argv],
    ],
    env: { PATH: labPath, HOME: '/root', TERM: TERM, ...options.env },
  };
}

function entryToNetwork(lab: Lab, node: string, argv: readonly string[], { env }: ExecOptions): Entry {
  const { PATH = '' } = process.env;
  return {
    command: 'nsenter',
    // Whoever kills us means the command: nothing may go on unseen.
    args: [`--net=/proc/${lab.pid}/root/run/netns/${node}`, '--', 'setpriv', '--pdeathsig', 'KILL', ...argv],
    env: {
      ...process.env,
      PATH: [join(lab.folder, 'bin'), PATH, labPath].join(':'),
      GWFLEET_LAB: lab.name,
      GWFLEET_LAB_STATE: lab.folder,
      ...env,
    },
  };
}

function placeOf(host: string, { cwd }: ExecOptions): SpawnOptions {
  return host === 'controller' && cwd !== undefined ? { cwd } : {};
}

function start({ command, args, env }: Entry, place: SpawnOptions, options: ExecOptions) {
  return spawn(command, args, {
    ...place,
    env,
    ...(options.signal && { signal: options.signal }),
    ...(options.timeoutSeconds !== undefined && { timeout: options.timeoutSeconds * 1000 }),
    killSignal: 'SIGKILL',
  });
}

function ended(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
