/**
 * Waiting for a lab to be ready: for the word of `setup.sh`, and for each sshd. "Built" is not "answers": a host is
 * started in the background and says nothing to us.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabProblem } from './problem.ts';
import { livingPid } from './state.ts';

/** Loaded machines with 200 hosts took 11 s; a host that needs longer than this hangs. */
const patienceSeconds = 60;

/** Resolves at the word `up` of setup.sh; otherwise what it complained about is a LabProblem. */
export function built(init: ChildProcess, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complaints = '';
    const fail = () => reject(new LabProblem(`the lab could not be built: ${complaints.trim()}`));
    const stop = () => reject(new LabProblem('interrupted'));
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
    init.on('error', reject);
    init.stderr?.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    init.stdout?.on('close', fail);
    init.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.startsWith('up\n')) resolve();
      // The complaint travels in another pipe and may still be on its way.
      else if (said.startsWith('failed\n')) {
        setTimeout(fail, 50);
      }
    });
  });
}

/** Waits until the host's sshd listens; it writes its pid file then. */
export async function answers(folder: string, host: string, signal?: AbortSignal): Promise<void> {
  const end = Date.now() + patienceSeconds * 1000;
  while (Date.now() < end) {
    if (signal?.aborted === true) throw new LabProblem('interrupted');
    const pid = livingPid(join(folder, 'hosts', host));
    if (pid !== undefined && existsSync(`/proc/${pid}/root/run/sshd.pid`)) return;
    await delay(10);
  }
  const log = readFileSync(join(folder, 'log', host), 'utf8').trim();
  throw new LabProblem(`${host} did not come up in ${patienceSeconds} s: ${log}`);
}
