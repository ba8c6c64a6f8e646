/**
 * Writes a lab's folder: first what the scripts need, then, when all hosts answer, what people and gwfleet need.
 * `lab.json.new` comes last: the lab's first process renames it when the lab is complete.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from '../shell/quote.ts';
import { type Layout, machinesOf } from './addressing.ts';
import { clearLeftovers } from './down.ts';
import { knownHosts, labFiles, sshConfig } from './files.ts';
import { inventoryText } from './inventory-text.ts';
import { LabProblem } from './problem.ts';
import { type LabRecord, livingPid, stateFolder } from './state.ts';

const parts = ['disk', 'log', 'keys', 'hosts', 'net', 'bin', 'template/etc/ssh', 'template/etc/alternatives'];

/** The empty folder, ours alone: the rename decides when two come at once. */
export async function claimFolder(name: string): Promise<string> {
  const folder = stateFolder(name);
  if (livingPid(join(folder, 'maker')) !== undefined && !existsSync(join(folder, 'lab.json')))
    throw busy(name);
  await clearLeftovers(name);
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(join(dirname(folder), `.${name}-`));
  writeFileSync(join(fresh, 'maker'), readFileSync('/proc/self/stat'));
  try {
    renameSync(fresh, folder);
  } catch {
    rmSync(fresh, { recursive: true });
    throw busy(name);
  }
  return folder;
}

function busy(name: string): LabProblem {
  return new LabProblem(`lab ${name} is being brought up by another gwfleet right now`);
}

/** Everything that `init.sh` and its children read. */
export function prepareFolder(folder: string, record: LabRecord, layout: Layout): void {
  for (const part of parts) mkdirSync(join(folder, part), { recursive: true });
  // The mount point of the lab's own list of namespaces; `ip netns` makes the same folder.
  mkdirSync('/run/netns', { recursive: true });
  for (const [path, text] of labFiles(layout)) writeFileSync(join(folder, path), text);
  for (const tool of ['iptables', 'ip6tables'])
    for (const verb of ['', '-save', '-restore'])
      symlinkSync(
        `/usr/sbin/${tool}-${record.iptables}${verb}`,
        join(folder, 'template/etc/alternatives', `${tool}${verb}`),
      );
  writeFileSync(join(folder, 'template/etc/shadow'), shadow(), { mode: 0o640 });
  const key = join(folder, 'id_ed25519');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'gwfleet-lab', '-f', key]);
}

/** Debian locks root with `!`, and then sshd without PAM lets nobody in, key or not; `*` is only "no password". */
function shadow(): string {
  return readFileSync('/etc/shadow', 'utf8').replace(/^root:[^:]*:/m, 'root:*:');
}

/** Known hosts, inventory, ssh_config, a `gwfleet` for the PATH, and the record. */
export function completeFolder(folder: string, record: LabRecord, layout: Layout): void {
  const keys = machinesOf(layout).map((node) => ({
    node,
    publicKey: readFileSync(join(folder, 'keys', `${node.name}.pub`), 'utf8'),
  }));
  const gwfleet = [process.execPath, join(packageRoot(), 'bin/gwfleet.js')].map(quote).join(' ');
  writeFileSync(join(folder, 'bin/gwfleet'), `#!/bin/sh\nexec ${gwfleet} "$@"\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'known_hosts'), knownHosts(keys));
  writeFileSync(join(folder, 'ssh_config'), sshConfig(folder, layout));
  writeFileSync(join(folder, 'inventory.yaml'), inventoryText(record.name, layout));
  writeFileSync(join(folder, 'lab.json.new'), JSON.stringify(record));
}

/** The server that plays the internet; bundled beside gwfleet, because Node 20 runs no TypeScript. */
export function internetProgram(): string {
  const program = join(packageRoot(), 'dist/lab-internet.js');
  if (!existsSync(program)) throw new LabProblem(`${program} is missing: npm run build`);
  return program;
}

/** From src/lab as from a chunk in dist: the folder that holds bin/ and dist/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === '/') throw new Error('gwfleet is not inside its package');
    folder = dirname(folder);
  }
  return folder;
}
