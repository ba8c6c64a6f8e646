/**
 * What is up, as data. Read from /proc alone: asking a lab costs no process and changes nothing in it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Interface, machinesOf, type Node } from './addressing.ts';
import { findLab, hostPid, type Lab, labNames, livingPid, stateFolder } from './state.ts';
import { layoutOfLab } from './up.ts';

export interface HostStatus {
  readonly name: string;
  readonly role: Node['role'];
  readonly state: 'up' | 'down';
  readonly sshd: 'up' | 'down';
  readonly interfaces: readonly Pick<Interface, 'name' | 'address'>[];
}

export interface LabStatus {
  readonly name: string;
  /** `leftover`: a folder without a living lab; the next `lab up` or `lab down` of this name removes it. */
  readonly state: 'up' | 'coming' | 'leftover';
  readonly folder: string;
  readonly inventory?: string;
  readonly hosts: readonly HostStatus[];
}

/** Every lab on this machine. */
export function labStatuses(): readonly LabStatus[] {
  return labNames().map((name) => {
    const lab = findLab(name);
    const folder = stateFolder(name);
    if (lab === undefined) {
      const coming = !existsSync(join(folder, 'lab.json')) && livingPid(join(folder, 'maker')) !== undefined;
      return { name, state: coming ? 'coming' : 'leftover', folder, hosts: [] };
    }
    const hosts = machinesOf(layoutOfLab(lab)).map((node) => hostStatus(lab, node));
    return { name, state: 'up', folder, inventory: `${folder}/inventory.yaml`, hosts };
  });
}

function hostStatus(lab: Lab, { name, role, interfaces }: Node): HostStatus {
  const pid = hostPid(lab, name);
  return {
    name,
    role,
    state: pid === undefined ? 'down' : 'up',
    sshd: pid !== undefined && sshdLives(pid) ? 'up' : 'down',
    interfaces: interfaces.map((one) => ({ name: one.name, address: one.address })),
  };
}

/** Its pid file holds a pid of the host's own pid namespace, so the host's own /proc is asked. */
function sshdLives(pid: number): boolean {
  const root = `/proc/${pid}/root`;
  if (!existsSync(`${root}/run/sshd.pid`)) return false;
  const sshd = readFileSync(`${root}/run/sshd.pid`, 'utf8').trim();
  const name = `${root}/proc/${sshd}/comm`;
  return existsSync(name) && readFileSync(name, 'utf8').trim() === 'sshd';
}
