/**
 * Takes a lab down: its first process is killed, the kernel takes the rest. What runs in the controller's namespace
 * by `lab exec` is outside the lab's pid namespace, so it is looked for and ended too.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { livingPid, stateFolder } from './state.ts';

/** Returns whether there was anything to take down. */
export async function labDown(name: string): Promise<boolean> {
  const existed = existsSync(stateFolder(name));
  await clearLeftovers(name);
  return existed;
}

/** Nothing of the lab is there afterwards, whatever state it was in. */
export async function clearLeftovers(name: string): Promise<void> {
  const folder = stateFolder(name);
  const init = join(folder, 'init');
  const pid = livingPid(init);
  if (pid !== undefined) {
    for (const guest of guestsOf(pid)) kill(guest);
    kill(pid);
    while (livingPid(init) !== undefined) await delay(5);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Processes that are in the controller's network namespace. */
function guestsOf(pid: number): readonly number[] {
  const home = namespaceId(`/proc/${pid}/root/run/netns/controller`);
  if (home === undefined) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && namespaceId(`/proc/${entry}/ns/net`) === home)
    .map(Number)
    .filter((guest) => guest !== process.pid);
}

function namespaceId(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
