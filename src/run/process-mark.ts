/**
 * Which process is meant, for good: a pid alone is soon another's. A process is the same only with its start time, of
 * the same boot, among the same processes (a container has its own); from elsewhere nobody can tell whether it lives.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessMark {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, see proc_pid_stat(5): clock ticks after boot. */
  readonly began: string;
  readonly machine: string;
  readonly boot: string;
  /** The pid namespace. */
  readonly space: string;
}

export type Life = 'alive' | 'dead' | 'cannot be told';

export function ourProcess(): ProcessMark {
  const { pid } = process;
  return { pid, began: startOf(pid) ?? '', machine: hostname(), boot: bootId(), space: pidSpace() };
}

export function lifeOf({ pid, began, machine, boot, space }: ProcessMark): Life {
  if (machine !== hostname()) return 'cannot be told';
  if (boot !== bootId()) return 'dead';
  if (space !== pidSpace()) return 'cannot be told';
  return startOf(pid) === began ? 'alive' : 'dead';
}

/** Undefined when there is no such process; one that is dead and only not yet waited for counts as none. */
function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function bootId(): string {
  return textOf('/proc/sys/kernel/random/boot_id').trim();
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
