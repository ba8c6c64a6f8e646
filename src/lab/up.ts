/**
 * Brings a lab up. Nothing here needs to clean up: until the word `keep` is sent, the lab's first process lives only
 * as long as the pipe from us, and everything else lives only as long as that process (`scripts.ts`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Layout, layoutOf, machinesOf, type Sizes, sizeProblem } from './addressing.ts';
import { clearLeftovers } from './down.ts';
import { claimFolder, completeFolder, internetProgram, prepareFolder } from './folder.ts';
import { labPath, missingForLab } from './preflight.ts';
import { LabProblem } from './problem.ts';
import { answers, built } from './ready.ts';
import { findLab, isLabName, type Lab, type LabRecord } from './state.ts';

export interface LabOptions extends Sizes {
  readonly name: string;
  readonly iptables?: 'nft' | 'legacy';
  /** A gateway's name: webservers are born with a default route to it. Without it they have none. */
  readonly defaultRoute?: string;
  /** Stops the building; the LabProblem then says `interrupted`. */
  readonly signal?: AbortSignal;
}

/** Builds the lab and returns when every sshd listens. Throws a LabProblem when it cannot be. */
export async function labUp(options: LabOptions): Promise<Lab> {
  const layout = possibleLayout(options);
  const missing = missingForLab();
  if (missing.length > 0) throw new LabProblem(...missing);
  if (findLab(options.name) !== undefined)
    throw new LabProblem(`lab ${options.name} is up already`, `gwfleet lab down --name ${options.name}`);
  const record = recordOf(options);
  const folder = await claimFolder(options.name);
  prepareFolder(folder, record, layout);
  const init = startInit(folder);
  const leash = init.stdio[3] as Socket;
  leash.on('error', () => undefined);
  try {
    await built(init, options.signal);
    for (const { name } of machinesOf(layout)) await answers(folder, name, options.signal);
    completeFolder(folder, record, layout);
  } catch (error) {
    leash.destroy();
    await gone(folder);
    await clearLeftovers(options.name);
    throw error;
  }
  leash.end('keep\n');
  return standing(options.name);
}

/** The layout of a lab that is up. */
export function layoutOfLab(lab: LabRecord): Layout {
  return layoutOf(lab, lab.defaultRoute);
}

function possibleLayout(options: LabOptions): Layout {
  const layout = layoutOf(options, options.defaultRoute);
  const problem =
    sizeProblem(options) ??
    (isLabName(options.name)
      ? undefined
      : `'${options.name}' is no name for a lab: small letters, digits and dashes, at most 32`) ??
    (options.defaultRoute === undefined || layout.gateways.some(({ name }) => name === options.defaultRoute)
      ? undefined
      : `'${options.defaultRoute}' is no gateway of this lab`);
  if (problem !== undefined) throw new LabProblem(problem);
  return layout;
}

function recordOf({ name, gateways, webservers, iptables = 'nft', defaultRoute }: LabOptions): LabRecord {
  return { name, gateways, webservers, iptables, ...(defaultRoute !== undefined && { defaultRoute }) };
}

/** The token keeps a dying lab from removing the folder of its successor. */
function startInit(folder: string): ChildProcess {
  const token = randomUUID();
  writeFileSync(join(folder, 'token'), token);
  return spawn(
    'setsid',
    [
      ...['unshare', '--mount', '--net', '--uts', '--ipc', '--pid', 'sh', '-c', firstProcess, folder],
      ...[folder, token, process.execPath, internetProgram()],
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env: { PATH: labPath }, cwd: '/' },
  );
}

/**
 * Starts pid 1 of the new pid namespace, its standard input on descriptor 3: Node closes a child's own stdin when the
 * direct child ends, and that is only the shell that starts it.
 */
const firstProcess = 'sh "$0/init.sh" "$@" <&3 3<&- &';

/** The lab, as soon as its first process has let go of our pipe and renamed the record. */
async function standing(name: string): Promise<Lab> {
  for (const end = Date.now() + 5000; Date.now() < end; ) {
    const lab = findLab(name);
    if (lab !== undefined) return lab;
    await delay(5);
  }
  throw new LabProblem(`lab ${name} went down while it came up`);
}

/** Waits while the first process removes the folder as its last act, if it came so far. */
async function gone(folder: string): Promise<void> {
  for (const end = Date.now() + 3000; existsSync(folder) && Date.now() < end; ) await delay(10);
}
