/**
 * What is known of a lab on this machine: its folder under /run. A process is named by pid and start time, because a
 * pid alone may be somebody else's by now. A lab is up when `lab.json` is there and its first process lives.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/run/gwfleet-lab';

export interface LabRecord {
  readonly name: string;
  readonly gateways: number;
  readonly webservers: number;
  readonly iptables: 'nft' | 'legacy';
  readonly defaultRoute?: string;
}

/** A lab that is up: its record and the outer pid of its first process. */
export interface Lab extends LabRecord {
  readonly folder: string;
  readonly pid: number;
}

export function stateFolder(name: string): string {
  return join(root, name);
}

/** Letters, digits and dashes, at most 32: it becomes a folder. */
export function isLabName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(name);
}

/** Names of all labs that left a folder, up or not. */
export function labNames(): readonly string[] {
  return existsSync(root) ? readdirSync(root).filter(isLabName).sort() : [];
}

/** The lab of this name when it is up. */
export function findLab(name: string): Lab | undefined {
  const folder = stateFolder(name);
  const pid = livingPid(join(folder, 'init'));
  const file = join(folder, 'lab.json');
  if (pid === undefined || !existsSync(file)) return undefined;
  return { ...(JSON.parse(readFileSync(file, 'utf8')) as LabRecord), folder, pid };
}

/** The outer pid of a host's first process, or undefined when the host is down. */
export function hostPid(lab: Lab, host: string): number | undefined {
  return livingPid(join(lab.folder, 'hosts', host));
}

/** The pid in a file that holds a line of /proc/PID/stat, if that very process still lives. */
export function livingPid(file: string): number | undefined {
  const then = statOf(file);
  if (then === undefined) return undefined;
  const now = statOf(`/proc/${then.pid}/stat`);
  return now?.startTicks === then.startTicks && now.state !== 'Z' && now.state !== 'X' ? then.pid : undefined;
}

function statOf(file: string): { pid: number; state: string; startTicks: string } | undefined {
  let line: string;
  try {
    line = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  // The command's name stands in parentheses and may hold anything; field 3 comes after the last one.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[19];
  return startTicks === undefined
    ? undefined
    : { pid: Number.parseInt(line, 10), state: fields[0] ?? '', startTicks };
}
