/**
 * A Debian 13 whose sudo is the real sudo-rs, with its own sshd on loopback and a user `op`. It lives in namespaces of
 * one process and ends with it; the package is installed once, into a layer that is kept.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootOf } from '../machines/machine.ts';
import { freePort, knownHostsLine, makeKey, type Sshd } from './sshd.ts';

const script = join(dirname(fileURLToPath(import.meta.url)), 'sudo-rs.sh');

export interface SudoRs extends Omit<Sshd, 'logFile'> {
  /** The whole of /etc/sudoers. */
  rules(...lines: readonly string[]): void;
  /** How many wrong passwords were tried. */
  wrong(): number;
  /** From now on sudo hangs for a minute when it looks at a password; `false` ends that. */
  hangs(on: boolean): void;
}

export async function startSudoRs(password: string): Promise<SudoRs> {
  const root = rootOf('trixie');
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-sudo-rs-'));
  const etc = join(folder, 'etc');
  mkdirSync(etc);
  chmodSync(folder, 0o755);
  const keyFile = join(folder, 'user');
  makeKey(keyFile, 'ed25519');
  makeKey(join(etc, 'sshd_host'), 'ed25519');
  copyFileSync(`${keyFile}.pub`, join(etc, 'sshd_keys'));
  writeFileSync(join(folder, 'password'), `op:${password}\n`);
  writeFileSync(join(etc, 'sudoers'), '');
  writeFileSync(join(etc, 'slow'), '[ ! -e /tmp/hang ] || sleep 60\n');
  writeFileSync(join(etc, 'wrong'), 'echo >>/tmp/wrong\n');
  writeFileSync(
    join(etc, 'sshd_sudo_rs'),
    [
      'ListenAddress 127.0.0.1',
      'HostKey /etc/sshd_host',
      'AuthorizedKeysFile /etc/sshd_keys',
      'StrictModes no',
      'UsePAM no',
      '',
    ].join('\n'),
  );
  const port = await freePort();
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, knownHostsLine(port, join(etc, 'sshd_host.pub')));
  const { pid, stop } = await started([folder, root, `${root}-sudo-rs`, String(port)]);
  const inside = (path: string) => join(`/proc/${pid}/root`, path);
  return {
    folder,
    port,
    keyFile,
    knownHosts,
    rules: (...lines) => writeFileSync(inside('etc/sudoers'), `${lines.join('\n')}\n`),
    wrong: () => readFileSync(inside('tmp/wrong'), 'utf8').length,
    hangs: (on) => (on ? writeFileSync(inside('tmp/hang'), '') : rmSync(inside('tmp/hang'))),
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when sshd listens; what `pid` calls its root are the machine's files. */
async function started(args: readonly string[]): Promise<{ pid: number; stop: () => Promise<void> }> {
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', script, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const listening = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server listening')) resolve();
    });
  });
  await Promise.race([
    listening,
    gone.then(() => {
      throw new Error(`no sudo-rs: ${said}`);
    }),
  ]);
  const pid = Number(execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }));
  return {
    pid,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
