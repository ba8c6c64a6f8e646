/**
 * become, with the real sudo and a user made for it. Installs sudo when the machine has none. The user, the sudoers
 * file and the log are removed at the end.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openConnector } from '../../src/remote/connector.ts';
import type { Outcome, RunOptions, Target } from '../../src/remote/remote.ts';
import { type Script, sh } from '../../src/shell/sh.ts';
import { type Sshd, startSshd } from './remote/sshd.ts';

const user = `gwf${process.pid}`;
const password = `pa ss'"$word\\${process.pid}`;
const sudoers = `/etc/sudoers.d/${user}`;
const log = `/tmp/${user}.log`;
let sshd: Sshd;

beforeAll(async () => {
  if (spawnSync('sudo', ['-V']).status !== 0)
    execFileSync('apt-get', ['install', '-y', 'sudo'], { stdio: 'ignore' });
  execFileSync('useradd', ['-m', '-s', '/bin/sh', user]);
  execFileSync('chpasswd', { input: `${user}:${password}\n` });
  sshd = await startSshd();
});

afterEach(() => {
  rmSync(sudoers, { force: true });
  rmSync(log, { force: true });
});

afterAll(async () => {
  await sshd.stop();
  // What still runs as the user is ours (the sudo that hangs), and keeps userdel from its work.
  spawnSync('pkill', ['-KILL', '-u', user]);
  execFileSync('userdel', ['-r', '-f', user], { stdio: 'ignore' });
});

test('without password where none is wanted, as root or as another', async () => {
  rules('ALL=(ALL) NOPASSWD: ALL');
  expect(await become(sh`id -un; echo err >&2; exit 4`)).toEqual({
    kind: 'done',
    code: 4,
    stdout: 'root\n',
    stderr: 'err\n',
  });
  const other = await become(sh`id -un`, { become: { user: 'nobody' } });
  expect(other).toMatchObject({ kind: 'done', stdout: 'nobody\n' });
});

test('a shell that waits is still the other one, and is not asked for a password again', async () => {
  for (const rule of ['ALL=(ALL) ALL', 'ALL=(ALL) NOPASSWD: ALL']) {
    rules(rule);
    const connector = openConnector({ home: sshd.folder, sshConfigFile: null, agentSocket: undefined });
    const connection = await connector.connect({ ...targetOf(sshd), become: { user: 'root', password } });
    if (!connection.ok) throw new Error(connection.failure.message);
    const { remote } = connection;
    const first = await remote.run(sh`id -un; echo $$`, { timeoutSeconds: 20, afterwards: 'waits' });
    expect(first).toMatchObject({ kind: 'done', code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^root\n/);
    rules('ALL=(ALL) !ALL');
    expect(await remote.run(sh`id -un; echo $$`, { timeoutSeconds: 20 })).toEqual(first);
    await remote.close();
    await connector.close();
  }
});

test('with a password that sudo wants, and with one that it does not ask for', async () => {
  for (const rule of ['ALL=(ALL) ALL', 'ALL=(ALL) NOPASSWD: ALL']) {
    rules(rule);
    const outcome = await become(sh`id -un; cat; ps -eo args`, { become: { user: 'root', password } });
    expect(outcome).toMatchObject({ kind: 'done', code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^root\n/);
    expect(JSON.stringify(outcome)).not.toContain(JSON.stringify(password).slice(1, -1));
  }
});

test('a dialog over standard input works behind sudo', async () => {
  rules('ALL=(ALL) ALL');
  const answer = (stdout: string) => (stdout.includes('ready\n') ? 'yes\n' : undefined);
  const script = sh`echo ready; read a; echo "got $a"`;
  const outcome = await become(script, { become: { user: 'root', password } }, { answer });
  expect(outcome).toMatchObject({ kind: 'done', stdout: 'ready\ngot yes\n' });
});

test('a wrong password is tried once', async () => {
  rules('ALL=(ALL) ALL');
  const outcome = await become(sh`id -un`, { become: { user: 'root', password: 'wrong' } });
  expect(outcome).toMatchObject({
    kind: 'not-started',
    cause: `sudo refused the password of ${user}`,
    stdout: '',
  });
  expect(readFileSync(log, 'utf8').replaceAll(/\n\s+/g, ' ')).toMatch(/ 1 incorrect password attempt/);
});

test('a missing password, a missing right and requiretty are told apart', async () => {
  rules('ALL=(ALL) ALL');
  const missing = await become(sh`id`);
  rmSync(sudoers);
  const right = await become(sh`id`, { become: { user: 'root', password } });
  rules('ALL=(ALL) NOPASSWD: ALL', 'requiretty');
  const terminal = await become(sh`id`);
  rules('ALL=(ALL) NOPASSWD: /bin/true');
  const command = await become(sh`id`, { become: { user: 'root', password } });
  const causes = [missing, right, terminal, command].map((outcome) =>
    outcome.kind === 'not-started' ? outcome.cause : outcome.kind,
  );
  expect(causes[0]).toMatch(/^sudo wants a password of/);
  expect(causes[1]).toMatch(/may not become root by sudo: .*not in the sudoers/);
  expect(causes[2]).toMatch(/wants a terminal \(requiretty\)/);
  expect(causes[3]).toMatch(/may not become root by sudo: .*not allowed to execute/);
});

test('a sudo that hangs or is missing is told', async () => {
  const fake = join(sshd.folder, 'bin');
  mkdirSync(fake, { recursive: true });
  writeFileSync(join(fake, 'sudo'), '#!/bin/sh\nexec sleep 60\n');
  chmodSync(join(fake, 'sudo'), 0o755);
  const slow = await startSshd({ config: [`SetEnv PATH=${fake}:/usr/bin:/bin`] });
  const bare = await startSshd({ config: [`SetEnv PATH=${fake}2`] });
  try {
    const wish = { become: { user: 'root', password } };
    const hanging = await become(sh`id`, wish, { timeoutSeconds: 1 }, slow);
    expect(hanging).toMatchObject({ kind: 'not-started' });
    expect(hanging.kind === 'not-started' && hanging.cause).toMatch(/neither started the script nor refused/);
    const unsure = await become(sh`id`, {}, { timeoutSeconds: 1 }, slow);
    expect(unsure.kind).toBe('timed-out');
    expect(unsure.stderr).toMatch(/neither started the script nor refused/);
    mkdirSync(`${fake}2`);
    execFileSync('ln', ['-s', '/bin/sh', `${fake}2/sh`]);
    expect(await become(sh`id`, {}, {}, bare)).toMatchObject({ cause: 'there is no sudo on this host' });
  } finally {
    await slow.stop();
    await bare.stop();
  }
});

test('a password lets in, and a wrong one is sent once', async () => {
  const { privateKeyFile: key, ...bare } = targetOf(sshd);
  const connector = openConnector({ home: '/nowhere', sshConfigFile: null, agentSocket: undefined });
  const right = await connector.connect({ ...bare, password });
  expect(right.ok).toBe(true);
  if (right.ok) await right.remote.close();
  const wrong = await connector.connect({ ...bare, password: 'wrong', privateKeyFile: key ?? '' });
  expect(wrong.ok).toBe(true);
  if (wrong.ok) await wrong.remote.close();
  const refused = await connector.connect({ ...bare, password: 'wrong' });
  expect(refused).toMatchObject({ ok: false, failure: { kind: 'authentication-failed' } });
  expect(JSON.stringify(refused)).not.toContain('"wrong"');
  await connector.close();
});

test('who is already that user needs no sudo', async () => {
  expect(existsSync(sudoers)).toBe(false);
  const outcome = await become(sh`id -un`, { become: { user } });
  expect(outcome).toMatchObject({ kind: 'done', stdout: `${user}\n` });
});

function rules(rule: string, defaults = ''): void {
  const lines = [`Defaults:${user} logfile=${log}`, `${user} ${rule}`];
  if (defaults !== '') lines.unshift(`Defaults:${user} ${defaults}`);
  writeFileSync(sudoers, `${lines.join('\n')}\n`, { mode: 0o440 });
}

function targetOf(server: Sshd): Target {
  return {
    host: 'gw1',
    address: '127.0.0.1',
    port: server.port,
    user,
    transport: 'ssh',
    privateKeyFile: server.keyFile,
    sshArgs: ['-o', `UserKnownHostsFile=${server.knownHosts}`],
    become: { user: 'root' },
  };
}

async function become(
  script: Script,
  wish: Partial<Target> = {},
  options: Partial<RunOptions> = {},
  server = sshd,
): Promise<Outcome> {
  const connector = openConnector({ home: server.folder, sshConfigFile: null, agentSocket: undefined });
  const connection = await connector.connect({ ...targetOf(server), ...wish });
  if (!connection.ok) throw new Error(connection.failure.message);
  try {
    return await connection.remote.run(script, { timeoutSeconds: 20, ...options });
  } finally {
    await connection.remote.close();
    await connector.close();
  }
}
