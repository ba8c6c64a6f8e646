/**
 * A Debian machine that really boots: systemd as PID 1 under `systemd-nspawn --boot`, a client behind it, and a hub that
 * plays controller, network and outside. Everything lives in namespaces of one process (`stage.sh`) and ends with it.
 * Where it cannot run, it throws and says why: nobody skips a reboot.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { type Manager, type ManagerFile, setups } from './managers.ts';

const here = dirname(fileURLToPath(import.meta.url));
const program = fileURLToPath(new URL('../../../bin/gwfleet.js', import.meta.url));
const internet = fileURLToPath(new URL('../../../dist/lab-internet.js', import.meta.url));

/** Kept over test runs; built once for each suite. */
const rootsFolder = '/var/cache/gwfleet-lab';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Machine {
  readonly folder: string;
  readonly inventory: string;
  /** sh on the machine, over ssh from the hub; a failure is an error. Gives stdout. */
  run(script: string): Promise<string>;
  /** As run, with whatever exit code. */
  try(script: string): Promise<Said>;
  /** sh in the namespaces around the machine. */
  hub(script: string): Promise<Said>;
  client(script: string): Promise<Said>;
  gwfleet(...args: readonly string[]): Promise<Said>;
  /** Returns when sshd answers again and the boot is over. */
  reboot(how: 'clean' | 'power-cut'): Promise<void>;
  /** The far ends of both cables down for the seconds. */
  carrierLoss(seconds: number): Promise<void>;
  /** Puts a file on the machine as an administrator would. */
  put(file: ManagerFile): Promise<void>;
}

const stages = new Set<() => Promise<void>>();
afterAll(async () => {
  await Promise.all([...stages].map((end) => end()));
  stages.clear();
});

export interface MachineOrder {
  readonly manager: Manager;
  readonly suite?: 'bullseye' | 'bookworm' | 'trixie';
  /** On top of what the manager needs, before the first boot. */
  readonly files?: readonly ManagerFile[];
}

export async function machine({ manager, suite = 'bookworm', files = [] }: MachineOrder): Promise<Machine> {
  const root = rootOf(suite);
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-machine-'));
  const name = `m${folder
    .slice(-6)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, 'x')}`;
  for (const each of ['disk', 'work', 'mnt', 'state']) mkdirSync(join(folder, each));
  writeFileSync(join(folder, 'name'), name);
  writeDisk(join(folder, 'disk'), manager, files);
  giveKeys(folder);
  const stage = spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      join(here, 'stage.sh'),
      folder,
      root,
      process.execPath,
      internet,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaints = '';
  stage.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const gone = new Promise<void>((resolve) => stage.on('close', () => resolve()));
  const end = async (): Promise<void> => {
    stages.delete(end);
    stage.kill('SIGKILL');
    await gone;
    tidy(folder, name);
  };
  stages.add(end);
  await until(
    'the stage',
    () => existsSync(join(folder, 'stage')),
    () => complaints,
  );
  const pid = childOf(stage.pid ?? 0);
  const made = driven({ folder, pid, name });
  await booted(made, folder);
  return made;
}

interface Stage {
  readonly folder: string;
  readonly pid: number;
  readonly name: string;
}

function driven(stage: Stage): Machine {
  const { folder } = stage;
  const ssh = [
    'ssh',
    '-F',
    'none',
    '-i',
    join(folder, 'id'),
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${folder}/known_hosts`,
    '-o',
    'ConnectTimeout=5',
    '-o',
    'ServerAliveInterval=2',
    '-o',
    'ServerAliveCountMax=3',
    'root@10.0.0.1',
  ];
  const attempt = (script: string): Promise<Said> => within(stage, 'hub', [...ssh, 'sh -s'], script);
  const made: Machine = {
    folder,
    inventory: join(folder, 'inventory.yaml'),
    try: attempt,
    run: async (script) => {
      const { code, stdout, stderr } = await attempt(script);
      if (code !== 0) throw new Error(`${script}\nexit ${code}: ${stdout}${stderr}`);
      return stdout;
    },
    hub: (script) => within(stage, 'hub', ['sh', '-c', script]),
    client: (script) => within(stage, 'client', ['sh', '-c', script]),
    gwfleet: (...args) =>
      within(stage, 'hub', [
        'env',
        `XDG_STATE_HOME=${folder}/state`,
        'NO_COLOR=1',
        process.execPath,
        program,
        ...args,
      ]),
    reboot: async (how) => {
      const boots = bootsOf(folder);
      if (how === 'clean') await attempt('systemctl --no-block reboot');
      else killInit(stage);
      await until('the next boot', () => bootsOf(folder) > boots);
      await booted(made, folder);
    },
    carrierLoss: async (seconds) => {
      const set = (state: string) =>
        within(stage, 'hub', ['sh', '-c', `ip link set m-eth0 ${state}; ip link set m-eth1 ${state}`]);
      await set('down');
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      await set('up');
      await booted(made, folder);
    },
    put: async ({ path, text, mode = 0o644 }) => {
      const encoded = Buffer.from(text).toString('base64');
      await made.run(
        `mkdir -p '${dirname(path)}' && echo ${encoded} | base64 -d >'${path}' && chmod ${mode.toString(8)} '${path}'`,
      );
    },
  };
  return made;
}

/** sshd answers, and systemd has done what it wanted to do at boot. */
async function booted(made: Machine, folder: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { code, stdout } = await made.try('systemctl is-system-running --wait 2>/dev/null || :; echo in');
    if (code === 0 && stdout.includes('in')) return;
    if (Date.now() > deadline)
      throw new Error(`the machine did not come up: ${tail(join(folder, 'console'))}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function within({ pid }: Stage, space: string, argv: readonly string[], input = ''): Promise<Said> {
  const child = spawn(
    'nsenter',
    ['--target', String(pid), '--mount', '--', 'ip', 'netns', 'exec', space, ...argv],
    { stdio: 'pipe' },
  );
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 255, ...said })));
}

/** Power cut: PID 1 of the container dies, and the kernel kills the rest. */
function killInit({ pid }: Stage): void {
  const nspawn = descendants(pid).find((each) => commandOf(each).startsWith('systemd-nspawn'));
  const inits =
    nspawn === undefined
      ? []
      : descendants(nspawn).filter((each) =>
          /^(?:\/sbin\/init|\/lib\/systemd\/systemd|\/usr\/lib\/systemd\/systemd)\b/.test(commandOf(each)),
        );
  const [init] = inits;
  if (init === undefined) throw new Error('the machine has no PID 1 to kill');
  process.kill(init, 'SIGKILL');
}

function descendants(pid: number): readonly number[] {
  const text = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

function childOf(pid: number): number {
  const [child] = descendants(pid);
  if (child === undefined) throw new Error('the stage has ended at once');
  return child;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The root file system of a Debian release, built when it is not there yet. */
export function rootOf(suite: string): string {
  mkdirSync(rootsFolder, { recursive: true });
  const root = join(rootsFolder, suite);
  // flock: two test files that come at once build it once.
  execFileSync('flock', [`${root}.lock`, 'sh', join(here, 'root.sh'), suite, root], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 900_000,
  });
  return root;
}

function writeDisk(disk: string, manager: Manager, files: readonly ManagerFile[]): void {
  const { files: own, units } = setups[manager];
  for (const { path, text, mode = 0o644 } of [...own, ...files]) {
    mkdirSync(dirname(join(disk, path)), { recursive: true });
    writeFileSync(join(disk, path), text);
    chmodSync(join(disk, path), mode);
  }
  const wants = join(disk, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  for (const unit of units) {
    const site = own.some(({ path }) => path === `/etc/systemd/system/${unit}.service`);
    symlinkSync(`${site ? '/etc' : '/lib'}/systemd/system/${unit}.service`, join(wants, `${unit}.service`));
  }
}

function giveKeys(folder: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'id')]);
  const ssh = join(folder, 'disk/etc/ssh');
  mkdirSync(ssh, { recursive: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(ssh, 'ssh_host_ed25519_key')]);
  writeFileSync(
    join(folder, 'known_hosts'),
    `10.0.0.1 ${readFileSync(join(ssh, 'ssh_host_ed25519_key.pub'), 'utf8')}`,
  );
  const home = join(folder, 'disk/root/.ssh');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  copyFileSync(join(folder, 'id.pub'), join(home, 'authorized_keys'));
  chmodSync(join(folder, 'disk/root'), 0o700);
}

function tidy(folder: string, name: string): void {
  for (const tree of ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup'])
    execFileSync('sh', [
      '-c',
      `find ${tree}/gwfleet-${name} -depth -type d 2>/dev/null | while read -r each; do for try in 1 2 3 4 5 6 7 8 9; do rmdir "$each" && break; sleep 0.1; done; done 2>/dev/null; :`,
    ]);
  rmSync(folder, { recursive: true, force: true });
}

function bootsOf(folder: string): number {
  return Number(existsSync(join(folder, 'boots')) ? readFileSync(join(folder, 'boots'), 'utf8') : 0);
}

function tail(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-20).join('\n') : 'it said nothing';
}

async function until(what: string, holds: () => boolean, why: () => string = () => ''): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}: ${why()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
