/**
 * A real sshd on loopback for one test file: own folder, host keys, port and user key. Nothing of it outlives `stop`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Sshd {
  readonly folder: string;
  readonly port: number;
  readonly keyFile: string;
  readonly knownHosts: string;
  /** What it says of itself, at the LogLevel of its configuration. */
  readonly logFile: string;
  stop(): Promise<void>;
}

export interface SshdOptions {
  readonly config?: readonly string[];
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  /** Each host key also has a certificate, of `authority` in the folder. */
  readonly hostCertificates?: true;
}

/** The folder is world-readable up to the keys: sshd also lets other users than root in. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-sshd-'));
  chmodSync(folder, 0o755);
  mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const types = options.hostKeyTypes ?? ['ed25519', 'ecdsa', 'rsa'];
  for (const type of types) makeKey(join(folder, `host_${type}`), type);
  const certificates = options.hostCertificates === true ? certified(folder, types) : [];
  const keyFile = join(folder, 'user');
  makeKey(keyFile, 'ed25519');
  copyFileSync(`${keyFile}.pub`, join(folder, 'authorized_keys'));
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(
    knownHosts,
    types.map((type) => knownHostsLine(port, join(folder, `host_${type}.pub`))).join(''),
  );
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    ...types.map((type) => `HostKey ${folder}/host_${type}`),
    ...certificates.map((file) => `HostCertificate ${file}`),
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    `PidFile ${folder}/pid`,
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'MaxStartups 200:30:400',
    ...(options.config ?? []),
    // Else bash reads ~/.bashrc for every command, and what this machine has there is not our test's business.
    'SetEnv SHLVL=2',
  ];
  writeFileSync(join(folder, 'sshd_config'), `${config.join('\n')}\n`);
  const logFile = join(folder, 'log');
  const args = ['-D', '-E', logFile, '-f', join(folder, 'sshd_config')];
  const child = spawn('/usr/sbin/sshd', args, { stdio: 'ignore' });
  await listening(port, child);
  return {
    folder,
    port,
    keyFile,
    knownHosts,
    logFile,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function certified(folder: string, types: readonly string[]): readonly string[] {
  const authority = join(folder, 'authority');
  makeKey(authority, 'ed25519');
  return types.map((type) => {
    const key = join(folder, `host_${type}`);
    execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'host', '-h', '-n', '127.0.0.1', `${key}.pub`]);
    return `${key}-cert.pub`;
  });
}

export function makeKey(file: string, type: 'ed25519' | 'ecdsa' | 'rsa', passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file]);
}

export function knownHostsLine(port: number, publicKeyFile: string): string {
  return `[127.0.0.1]:${port} ${readFileSync(publicKeyFile, 'utf8').split(' ').slice(0, 2).join(' ')}\n`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('sshd does not listen');
}
