/** become with the real sudo-rs of Debian 13: the same answers as with sudo, from other words. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConnector } from '../../src/remote/connector.ts';
import type { Outcome, RunOptions, Target } from '../../src/remote/remote.ts';
import { type Script, sh } from '../../src/shell/sh.ts';
import { type SudoRs, startSudoRs } from './remote/sudo-rs.ts';

const password = `pa ss'"$word\\`;
let host: SudoRs;

beforeAll(async () => {
  host = await startSudoRs(password);
});

afterAll(async () => {
  await host.stop();
});

test('without password where none is wanted, as root or as another', async () => {
  host.rules('op ALL=(ALL) NOPASSWD: ALL');
  const done = { kind: 'done', code: 4, stdout: 'root\n', stderr: 'err\n' };
  expect(await become(sh`id -un; echo err >&2; exit 4`)).toEqual(done);
  expect(await become(sh`id -un`, { become: { user: 'nobody' } })).toMatchObject({ stdout: 'nobody\n' });
  expect(await become(sh`sudo --version 2>&1`)).toMatchObject({
    stdout: expect.stringMatching(/^sudo-rs 0\./) as string,
  });
});

test('with a password that it wants, with one that it does not ask for, and a dialog behind it', async () => {
  for (const rule of ['op ALL=(ALL) NOPASSWD: ALL', 'op ALL=(ALL) ALL']) {
    host.rules(rule);
    const outcome = await become(sh`id -un; cat; ps -eo args`, { become: { user: 'root', password } });
    expect(outcome).toMatchObject({ kind: 'done', code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^root\n/);
    expect(JSON.stringify(outcome)).not.toContain(JSON.stringify(password).slice(1, -1));
    const answer = (stdout: string) => (stdout.includes('ready\n') ? 'yes\n' : undefined);
    const asking = sh`echo ready; read a; echo "got $a"`;
    const asked = await become(asking, { become: { user: 'root', password } }, { answer });
    expect(asked).toMatchObject({ kind: 'done', stdout: 'ready\ngot yes\n' });
  }
});

test('a wrong password is tried once, though sudo-rs takes the end of its input for further ones', async () => {
  host.rules('op ALL=(ALL) ALL');
  const outcome = await become(sh`id -un`, { become: { user: 'root', password: 'wrong' } });
  expect(outcome).toMatchObject({
    kind: 'not-started',
    cause: 'sudo refused the password of op',
    stdout: '',
  });
  expect(host.wrong()).toBe(1);
});

test('a missing password, a missing right, an unknown user and a broken file are told apart', async () => {
  host.rules('op ALL=(ALL) ALL');
  const missing = await become(sh`id`);
  host.rules('root ALL=(ALL) ALL');
  const right = await become(sh`id`, { become: { user: 'root', password } });
  host.rules('op ALL=(ALL) NOPASSWD: /bin/true');
  const command = await become(sh`id`);
  host.rules('op ALL=(ALL) NOPASSWD: ALL');
  const nobody = await become(sh`id`, { become: { user: 'nosuch' } });
  expect([missing, right, command, nobody].map(causeOf)).toEqual([
    'sudo wants a password of op, or op is not in its sudoers',
    "op may not become root by sudo: sudo-rs: I'm sorry op. I'm afraid I can't do that",
    "op may not become root by sudo: sudo-rs: I'm sorry op. I'm afraid I can't do that",
    'there is no user nosuch on this host to become',
  ]);
});

test('requiretty means nothing to it, and its warning is no word of the script', async () => {
  host.rules('Defaults requiretty', 'op ALL=(ALL) NOPASSWD: ALL');
  expect(await become(sh`echo in`)).toEqual({ kind: 'done', code: 0, stdout: 'in\n', stderr: '' });
});

test('one that hangs is left at the limit, before the script was sent', async () => {
  host.rules('op ALL=(ALL) ALL');
  host.hangs(true);
  try {
    const outcome = await become(sh`id`, { become: { user: 'root', password } }, { timeoutSeconds: 2 });
    expect(outcome.kind).toBe('not-started');
    expect(causeOf(outcome)).toMatch(/sudo neither started the script nor refused within 2 s/);
  } finally {
    host.hangs(false);
  }
});

function causeOf(outcome: Outcome): string {
  return outcome.kind === 'not-started' ? outcome.cause : outcome.kind;
}

async function become(
  script: Script,
  wish: Partial<Target> = {},
  options: Partial<RunOptions> = {},
): Promise<Outcome> {
  const connector = openConnector({ home: host.folder, sshConfigFile: null, agentSocket: undefined });
  const connection = await connector.connect({
    host: 'gw1',
    address: '127.0.0.1',
    port: host.port,
    user: 'op',
    transport: 'ssh',
    privateKeyFile: host.keyFile,
    sshArgs: ['-o', `UserKnownHostsFile=${host.knownHosts}`],
    become: { user: 'root' },
    ...wish,
  });
  if (!connection.ok) throw new Error(connection.failure.message);
  try {
    return await connection.remote.run(script, { timeoutSeconds: 30, ...options });
  } finally {
    await connection.remote.close();
    await connector.close();
  }
}
