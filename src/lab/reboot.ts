/**
 * What can happen to a host of a lab: a power cut, a boot, a pulled cable. A reboot keeps the disk (/etc, /root, /var)
 * and the keys; memory, /run, /tmp and the network are new.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { labCalled } from './exec.ts';
import { labPath } from './preflight.ts';
import { LabProblem } from './problem.ts';
import { answers } from './ready.ts';
import { hostPid, type Lab } from './state.ts';

/** Power off, then on; returns when sshd listens again. */
export async function hostReboot(name: string, host: string): Promise<void> {
  await hostStop(name, host);
  await hostStart(name, host);
}

/** Power cut: every process of the host is killed, its network namespace and cables are gone. */
export async function hostStop(name: string, host: string): Promise<void> {
  const lab = labCalled(name);
  const pid = hostPid(lab, host);
  if (pid === undefined) throw new LabProblem(`lab ${name} has no host ${host} that is up`);
  process.kill(pid, 'SIGKILL');
  while (hostPid(lab, host) !== undefined) await delay(5);
  await inSwitch(lab, ['ip', '-batch', join(lab.folder, 'net', `${host}.unplug`)]);
}

/** Power on, after hostStop. */
export async function hostStart(name: string, host: string): Promise<void> {
  const lab = labCalled(name);
  await inSwitch(lab, ['ip', '-batch', join(lab.folder, 'net', `${host}.plug`)]);
  await inSwitch(lab, ['sh', join(lab.folder, 'start.sh'), lab.folder, host]);
  await answers(lab.folder, host);
}

/** The switch's end of a cable up or down: the host sees its carrier come and go and keeps its addresses. */
export async function linkSet(
  name: string,
  host: string,
  { iface, state }: { iface: 'eth0' | 'eth1'; state: 'up' | 'down' },
): Promise<void> {
  await inSwitch(labCalled(name), ['ip', 'link', 'set', `${host}-${iface}`, state]);
}

function inSwitch(lab: Lab, argv: readonly string[]): Promise<void> {
  const child = spawn(
    'nsenter',
    ['--target', String(lab.pid), '--mount', '--net', '--pid', '--uts', '--ipc', '--', ...argv],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: labPath } },
  );
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new LabProblem(`${argv.join(' ')}: ${complaints.trim()}`)),
    );
  });
}
