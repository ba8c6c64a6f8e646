/** The ssh transport against a real sshd, and against wires that fail. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OpenConnector, openConnector } from '../../src/remote/connector.ts';
import type { ConnectFailure, Outcome, Remote, RunOptions, Target } from '../../src/remote/remote.ts';
import type { ConnectorOptions } from '../../src/remote/settings.ts';
import { type Script, sh } from '../../src/shell/sh.ts';
import { type FaultyWire, openWire, type WireOptions } from './remote/faulty-wire.ts';
import { knownHostsLine, makeKey, type Sshd, startSshd } from './remote/sshd.ts';

let sshd: Sshd;
const wires: FaultyWire[] = [];
const connectors: OpenConnector[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});

afterEach(async () => {
  for (const connector of connectors.splice(0)) await connector.close();
  for (const wire of wires.splice(0)) await wire.close();
});

afterAll(async () => {
  await sshd.stop();
});

describe('running a script', () => {
  test('gives the code and both streams', async () => {
    const outcome = await runOnce(sh`echo out; echo err >&2; exit 7`);
    expect(outcome).toEqual({ kind: 'done', code: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  test('runs a script of a megabyte with every kind of quote in it', async () => {
    const long = `it's "$HOME" \`x\` \\ ${'ü'.repeat(500_000)}`;
    const outcome = await runOnce(sh`printf %s ${long}`);
    expect(outcome.kind).toBe('done');
    expect(outcome.stdout).toBe(long);
  });

  test('keeps characters whole that the network cuts', async () => {
    const outcome = await runOnce(sh`i=0; while [ $i -lt 20000 ]; do printf 'aé€😀x'; i=$((i+1)); done`);
    expect(outcome.stdout).toBe('aé€😀x'.repeat(20_000));
  });

  test('keeps head and tail of megabytes of garbage', async () => {
    const outcome = await runOnce(sh`head -c 30000000 /dev/urandom; echo the end`, {
      capture: { headBytes: 100_000, tailBytes: 1000 },
    });
    expect(outcome.kind).toBe('done');
    expect(outcome.stdout.length).toBeLessThan(110_000);
    expect(outcome.stdout).toMatch(/bytes left out\]/);
    expect(outcome.stdout.endsWith('the end\n')).toBe(true);
  });

  test('a host that talks without end is cut off at the time limit', async () => {
    const outcome = await runOnce(
      sh`yes 'garbage \033[2J' & cat /dev/urandom >&2`,
      {},
      { timeoutSeconds: 1 },
    );
    expect(outcome.kind).toBe('timed-out');
    expect(outcome.stdout.length).toBeLessThan(6_000_000);
  });

  test('names a death by signal instead of giving no code', async () => {
    const outcome = await runOnce(sh`kill -KILL $$`);
    expect(outcome).toMatchObject({ kind: 'done', code: 137 });
  });

  test('has sbin in its path and the C locale', async () => {
    const outcome = await runOnce(sh`echo $PATH; echo $LC_ALL`);
    expect(outcome.stdout).toMatch(/:\/usr\/sbin:\/sbin\nC\n$/);
  });

  test('stops waiting at its time limit and keeps what was said', async () => {
    const outcome = await runOnce(sh`echo before; sleep 60`, {}, { timeoutSeconds: 0.7 });
    expect(outcome).toEqual({ kind: 'timed-out', seconds: 0.7, stdout: 'before\n', stderr: '' });
  });

  test('does not wait for a child in the background that holds the streams', async () => {
    const outcome = await runOnce(sh`sleep 3000 & echo done`);
    expect(outcome).toMatchObject({ kind: 'done', code: 0, stdout: 'done\n' });
  });

  test('answers a question over standard input, once', async () => {
    const outcome = await runOnce(
      sh`echo ready; read a; echo "got $a"; read b || echo "no more"`,
      {},
      { answer: (stdout) => (stdout.includes('ready\n') ? 'yes\n' : undefined) },
    );
    expect(outcome.stdout).toBe('ready\ngot yes\nno more\n');
  });

  test('runs twelve scripts at once over one connection in spite of MaxSessions 10', async () => {
    const remote = await connected(target());
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, i) => remote.run(sh`sleep 0.1; echo ${i}`, { timeoutSeconds: 20 })),
    );
    expect(outcomes.map(({ stdout }) => stdout.trim())).toEqual(
      Array.from({ length: 12 }, (_, i) => String(i)),
    );
  });

  test('waits for its turn when the host allows one session at a time', async () => {
    const strict = await startSshd({ config: ['MaxSessions 1'] });
    try {
      const wish = { keyFile: strict.keyFile, knownHosts: strict.knownHosts, port: strict.port };
      const remote = await connected(target(wish));
      const all = Array.from({ length: 4 }, () => remote.run(sh`sleep 0.3`, { timeoutSeconds: 20 }));
      expect((await Promise.all(all)).map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'done']);
    } finally {
      await strict.stop();
    }
  });

  test('ends with a value when it is interrupted here', async () => {
    const remote = await connected(target());
    const outcome = await remote.run(sh`sleep 30`, { timeoutSeconds: 20, signal: AbortSignal.timeout(300) });
    expect(outcome).toMatchObject({ kind: 'connection-lost', cause: 'it was interrupted here' });
  });
});

describe('a shell that waits for another script', () => {
  const waits: RunOptions = { timeoutSeconds: 20, afterwards: 'waits' };
  const ends: RunOptions = { timeoutSeconds: 20 };

  test('runs them one after the other, each with its own code and streams, and ends with the last', async () => {
    const remote = await connected(target());
    const first = await remote.run(sh`echo $$; printf err >&2; (exit 7)`, waits);
    expect(first).toMatchObject({ kind: 'done', code: 7, stderr: 'err' });
    expect(await remote.run(sh`echo $$; echo bad >&2`, waits)).toEqual({
      ...first,
      code: 0,
      stderr: 'bad\n',
    });
    const question = { ...ends, answer: (said: string) => (said.includes('\n') ? 'yes\n' : undefined) };
    const last = await remote.run(sh`echo $$; read a; echo "$a" >&2`, question);
    expect(last).toEqual({ ...first, code: 0, stderr: 'yes\n' });
    const another = await remote.run(sh`echo $$`, ends);
    expect(another).toMatchObject({ kind: 'done', code: 0 });
    expect(another.stdout).not.toBe(first.stdout);
  });

  test('is not missed where a script has ended it, or somebody else has, or it hangs', async () => {
    const remote = await connected(target());
    expect(await remote.run(sh`exit 3`, waits)).toMatchObject({ kind: 'done', code: 3 });
    const { stdout } = await remote.run(sh`echo $$`, waits);
    process.kill(Number(stdout), 'SIGKILL');
    await sleep(200);
    const again = await remote.run(sh`echo $$`, waits);
    expect(again).toMatchObject({ kind: 'done', code: 0 });
    process.kill(Number(again.stdout), 'SIGSTOP');
    const third = await remote.run(sh`echo $$`, { ...waits, timeoutSeconds: 1 });
    expect(third).toMatchObject({ kind: 'done', code: 0 });
    expect(new Set([stdout, again.stdout, third.stdout]).size).toBe(3);
    process.kill(Number(again.stdout), 'SIGKILL');
  });

  test('keeps head and tail of megabytes, and knows where they end', async () => {
    const remote = await connected(target(), { capture: { headBytes: 100_000, tailBytes: 1000 } });
    const outcome = await remote.run(sh`head -c 3000000 /dev/urandom; echo the end`, waits);
    expect(outcome).toMatchObject({ kind: 'done', code: 0 });
    expect(outcome.stdout).toMatch(/bytes left out\][\s\S]*the end\n$/);
  });

  test('behind a wire that has died nothing has begun, and a host is told apart from its script', async () => {
    const { wire, remote } = await throughWire({ keepaliveSeconds: 0.3, keepaliveCount: 2 });
    await remote.run(sh`echo in`, waits);
    wire.swallow();
    expect(await remote.run(sh`echo x`, ends)).toMatchObject({
      kind: 'not-started',
      cause: 'the host has been silent for 0.6 s (keepalive)',
    });
  });

  test('is given nothing more when we are interrupted before it has answered, and nobody else is', async () => {
    const remote = await connected(target());
    const { stdout } = await remote.run(sh`echo $$`, waits);
    process.kill(Number(stdout), 'SIGSTOP');
    const marker = join(sshd.folder, 'begun');
    const signal = AbortSignal.timeout(300);
    expect(await remote.run(sh`echo x >${marker}`, { ...ends, signal })).toMatchObject({
      kind: 'not-started',
    });
    process.kill(Number(stdout), 'SIGCONT');
    await sleep(500);
    expect(existsSync(marker)).toBe(false);
  });

  test('is one script a shell over the system ssh, which cannot wait', async () => {
    const remote = await connected(target({ transport: 'openssh' }));
    const pids = [await remote.run(sh`echo $$`, waits), await remote.run(sh`echo $$`, waits)];
    expect(new Set(pids.map(({ stdout }) => stdout)).size).toBe(2);
  });

  test('ends with its connection', async () => {
    const remote = await connected(target());
    const { stdout } = await remote.run(sh`echo $$`, waits);
    await remote.close();
    for (let looks = 0; looks < 50 && existsSync(`/proc/${stdout.trim()}`); looks += 1) await sleep(100);
    expect(existsSync(`/proc/${stdout.trim()}`)).toBe(false);
  });
});

describe('a wire that fails', () => {
  test('a reset during a script is a lost connection with what was said before', async () => {
    const { wire, remote } = await throughWire();
    const running = remote.run(
      sh`echo before; sleep 20`,
      when('before', () => wire.reset()),
    );
    expect(await running).toMatchObject({ kind: 'connection-lost', stdout: 'before\n' });
  });

  test('a reset while nothing runs harms nobody, and the next script says so', async () => {
    const { wire, remote } = await throughWire();
    wire.reset();
    await sleep(200);
    const outcome = await remote.run(sh`echo x`, { timeoutSeconds: 5 });
    expect(outcome).toMatchObject({ kind: 'not-started' });
  });

  test('a black hole is noticed by keepalive', async () => {
    const { wire, remote } = await throughWire({ keepaliveSeconds: 0.3, keepaliveCount: 2 });
    const running = remote.run(
      sh`echo before; sleep 30`,
      when('before', () => wire.swallow()),
    );
    expect(await running).toMatchObject({
      kind: 'connection-lost',
      cause: 'the host has been silent for 0.6 s (keepalive)',
    });
  });

  test('closing a dead connection ends', async () => {
    const { wire, remote } = await throughWire();
    wire.swallow();
    await expect(remote.close()).resolves.toBeUndefined();
  });

  test('a host that accepts and then says nothing is a timeout', async () => {
    const failure = await refused(await wireTarget({ mute: true }), { connectTimeoutSeconds: 0.5 });
    expect(failure.kind).toBe('timed-out');
  });

  test('a real sshd that drops logins beyond its MaxStartups lets all in after a while', async () => {
    const busy = await startSshd({ config: ['MaxStartups 3:100:3'] });
    try {
      const to = target({ keyFile: busy.keyFile, knownHosts: busy.knownHosts, port: busy.port });
      const connector = openConnector(options());
      connectors.push(connector);
      const all = await Promise.all(Array.from({ length: 8 }, () => connector.connect(to)));
      expect(all.map((one) => (one.ok ? 'in' : one.failure.message))).toEqual(all.map(() => 'in'));
      for (const one of all) if (one.ok) await one.remote.close();
    } finally {
      await busy.stop();
    }
  });

  test('MaxStartups 2:100:3 and MaxSessions 1 keep nobody out, by either transport, straight and as a jump host', async () => {
    const narrow = await startSshd({ config: ['MaxStartups 2:100:3', 'MaxSessions 1'] });
    appendFileSync(sshd.knownHosts, readFileSync(narrow.knownHosts, 'utf8'));
    writeFileSync(join(narrow.folder, 'authorized_keys'), readFileSync(`${sshd.keyFile}.pub`));
    const config = join(narrow.folder, 'ssh_config');
    writeFileSync(
      config,
      `Host door\n  HostName 127.0.0.1\n  Port ${narrow.port}\n  User root\n  IdentityFile ${sshd.keyFile}\nHost *\n  UserKnownHostsFile ${sshd.knownHosts}\n`,
      { mode: 0o600 },
    );
    try {
      for (const transport of ['ssh', 'openssh'] as const)
        for (const to of [
          target({ transport, port: narrow.port }),
          target({ transport, args: ['-J', 'door'] }),
        ]) {
          const connector = openConnector(options({ sshConfigFile: config, connectTimeoutSeconds: 30 }));
          connectors.push(connector);
          const all = await Promise.all(Array.from({ length: 8 }, () => connector.connect(to)));
          expect(all.map((one) => (one.ok ? 'in' : one.failure.message))).toEqual(all.map(() => 'in'));
          const ran = all.flatMap((one) =>
            one.ok ? [one.remote.run(sh`echo in`, { timeoutSeconds: 30 })] : [],
          );
          expect((await Promise.all(ran)).map(({ stdout }) => stdout)).toEqual(all.map(() => 'in\n'));
          for (const one of all) if (one.ok) await one.remote.close();
        }
    } finally {
      await narrow.stop();
    }
  });

  test('two resets before the banner are retried', async () => {
    const wired = await wireTarget({ resetFirst: 2 });
    const remote = await connected(wired);
    expect(await remote.run(sh`echo in`, { timeoutSeconds: 5 })).toMatchObject({ stdout: 'in\n' });
    expect(wires.at(-1)?.count()).toBe(3);
  });

  test('nobody listening is told at once', async () => {
    const wired = await wireTarget();
    await wires.pop()?.close();
    const failure = await refused(wired);
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toMatch(/connection refused/);
  });
});

describe('host keys', () => {
  test('an unknown key is refused with its fingerprint', async () => {
    const failure = await refused(target({ knownHosts: join(sshd.folder, 'none') }));
    expect(failure.kind).toBe('host-key-unknown');
    expect(failure.message).toContain(fingerprintOf('host_ed25519.pub'));
  });

  test('a changed key is refused under every policy, with both fingerprints, the line and what to do', async () => {
    const file = join(sshd.folder, 'changed');
    makeKey(join(sshd.folder, 'other'), 'ed25519');
    writeFileSync(file, `# old\n${knownHostsLine(sshd.port, join(sshd.folder, 'other.pub'))}`);
    for (const policy of ['yes', 'accept-new', 'no', 'ask']) {
      const failure = await refused(target({ knownHosts: file, policy }));
      expect(failure.kind).toBe('host-key-changed');
      expect(failure.message).toContain(fingerprintOf('host_ed25519.pub'));
      expect(failure.message).toContain(fingerprintOf('other.pub'));
      expect(failure.message).toContain(`${file}:2`);
      expect(failure.hint).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f '${file}'`);
    }
  });

  test('a revoked key is refused', async () => {
    const file = join(sshd.folder, 'revoked');
    const line = knownHostsLine(sshd.port, join(sshd.folder, 'host_ed25519.pub'));
    writeFileSync(file, `${line}@revoked ${line.replace(/^\S+/, '*')}`);
    expect((await refused(target({ knownHosts: file }))).kind).toBe('host-key-revoked');
  });

  test.each(['ecdsa', 'rsa'])('a host known by its %s key alone gets in', async (type) => {
    const file = join(sshd.folder, `only_${type}`);
    writeFileSync(file, knownHostsLine(sshd.port, join(sshd.folder, `host_${type}.pub`)));
    await connected(target({ knownHosts: file }));
  });

  test('accept-new learns a key and writes it so that ssh-keygen finds it', async () => {
    const file = join(sshd.folder, 'learned');
    writeFileSync(file, '# no newline at the end');
    await connected(target({ knownHosts: file, policy: 'accept-new' }));
    await connected(target({ knownHosts: file }));
    const found = execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file], {
      encoding: 'utf8',
    });
    expect(found).toContain('ssh-ed25519');
  });

  test('a known_hosts file that cannot be read lets nobody in', async () => {
    const failure = await refused(target({ knownHosts: sshd.folder, policy: 'accept-new' }));
    expect(failure.message).toMatch(/cannot be read/);
  });
});

describe('keys', () => {
  test.each(['ecdsa', 'rsa'] as const)('%s works', async (type) => {
    const file = join(sshd.folder, `login_${type}`);
    makeKey(file, type);
    allow(file);
    await connected(target({ keyFile: file }));
  });

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'with %s a login asks a host for nothing but what lets us in: no trial of the key, no proof of other host keys',
    async (type) => {
      const talkative = await startSshd({ config: ['LogLevel DEBUG3'] });
      try {
        const file = join(talkative.folder, `short_${type}`);
        makeKey(file, type);
        appendFileSync(join(talkative.folder, 'authorized_keys'), readFileSync(`${file}.pub`, 'utf8'));
        const wish = { keyFile: file, knownHosts: talkative.knownHosts, port: talkative.port };
        const remote = await connected(target(wish));
        expect((await remote.run(sh`echo in`, { timeoutSeconds: 20 })).stdout).toBe('in\n');
        const log = readFileSync(talkative.logFile, 'utf8');
        expect(log).toContain('Accepted publickey for root');
        expect(log).not.toContain('Postponed publickey');
        expect(log).toMatch(/notify_hostkeys: sent [1-9]/);
        expect(log).not.toContain('hostkeys-prove');
      } finally {
        await talkative.stop();
      }
    },
  );

  test('the passphrase of an encrypted key is asked once for many hosts, and again when wrong', async () => {
    const file = join(sshd.folder, 'login_encrypted');
    makeKey(file, 'ed25519', 'right');
    allow(file);
    const asked: number[] = [];
    const connector = openConnector(
      options({
        askPassphrase: (_file, attempt) => Promise.resolve(asked.push(attempt) === 1 ? 'wrong' : 'right'),
      }),
    );
    connectors.push(connector);
    const both = await Promise.all([
      connector.connect(target({ keyFile: file })),
      connector.connect(target({ keyFile: file })),
    ]);
    for (const connection of both) {
      expect(connection.ok).toBe(true);
      if (connection.ok) await connection.remote.close();
    }
    expect(asked).toEqual([1, 2]);
  });

  test('keys that cannot be used are told before any network', async () => {
    const wired = await wireTarget();
    const encrypted = join(sshd.folder, 'never');
    makeKey(encrypted, 'ed25519', 'secret');
    const messages = [];
    const open = join(sshd.folder, 'open');
    makeKey(open, 'ed25519');
    chmodSync(open, 0o644);
    const files = [
      join(sshd.folder, 'missing'),
      sshd.folder,
      sshd.knownHosts,
      encrypted,
      open,
      `${open}.pub`,
    ];
    for (const keyFile of files) {
      const failure = await refused({ ...wired, privateKeyFile: keyFile });
      expect(failure.kind).toBe('key-unusable');
      messages.push(failure.message);
    }
    expect(messages[0]).toMatch(/does not exist/);
    expect(messages[1]).toMatch(/is a folder/);
    expect(messages[2]).toMatch(/no private key that can be used/);
    expect(messages[3]).toMatch(/nobody can be asked/);
    expect(messages[4]).toMatch(/can be read by others \(mode 0644\)/);
    expect(messages[5]).toMatch(/it is a public key/);
    expect(wires.at(-1)?.count()).toBe(0);
  });

  test('without a named key the default keys are tried, also past an ssh-agent that is gone', async () => {
    const { privateKeyFile, ...bare } = target();
    if (privateKeyFile === undefined) throw new Error('no key');
    const defaults = { defaultKeys: [join(sshd.folder, 'missing'), privateKeyFile] };
    await connected(bare, { ...defaults, agentSocket: join(sshd.folder, 'no-agent') });
    const failure = await refused(bare, { defaultKeys: ['/missing'] });
    expect(failure.message).toMatch(/nothing to log in with: .* none of \/missing exists/);
  });

  test('a refused key says who was refused and what was tried', async () => {
    const file = join(sshd.folder, 'stranger');
    makeKey(file, 'ed25519');
    const failure = await refused(target({ keyFile: file }));
    expect(failure.kind).toBe('authentication-failed');
    expect(failure.message).toContain(`refused the login of root, tried: ${file} (ssh-ed25519)`);
  });

  test('a key in the ssh-agent is used, the named one only, even from a full ssh-agent', async () => {
    const file = join(sshd.folder, 'login_agent');
    makeKey(file, 'ed25519', 'secret');
    allow(file);
    const agent = startAgent();
    try {
      for (let i = 0; i < 8; i += 1) {
        const other = join(sshd.folder, `filler_${i}`);
        makeKey(other, 'ed25519');
        agent.add(other);
      }
      execFileSync('ssh-keygen', ['-q', '-p', '-P', 'secret', '-N', '', '-f', file]);
      agent.add(file);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file]);
      await connected(target({ keyFile: file }), { agentSocket: agent.socket });
    } finally {
      agent.stop();
    }
  });

  test('of a full ssh-agent and default keys the seventh gets in, over a second connection', async () => {
    const wired = await wireTarget();
    const { privateKeyFile: key = '', ...bare } = wired;
    const agent = startAgent();
    try {
      for (let i = 0; i < 6; i += 1) {
        const other = join(sshd.folder, `stuffed_${i}`);
        makeKey(other, 'ed25519');
        agent.add(other);
      }
      await connected(bare, { agentSocket: agent.socket, defaultKeys: [key] });
      expect(wires.at(-1)?.count()).toBe(2);
      const failure = await refused(bare, { agentSocket: agent.socket, defaultKeys: [] });
      expect(failure.message).toMatch(/tried: test from the ssh-agent$/);
      agent.add(key);
      await connected(bare, { agentSocket: agent.socket, defaultKeys: [] });
    } finally {
      agent.stop();
    }
  });

  test('a host that allows fewer tries hears of the other keys over further connections', async () => {
    const strict = await startSshd({ config: ['MaxAuthTries 2'] });
    try {
      const strangers = [1, 2, 3].map((i) => join(strict.folder, `strange_${i}`));
      for (const file of strangers) makeKey(file, 'ed25519');
      const { privateKeyFile: key = '', ...bare } = target({
        keyFile: strict.keyFile,
        knownHosts: strict.knownHosts,
        port: strict.port,
      });
      await connected(bare, { defaultKeys: [...strangers, key] });
    } finally {
      await strict.stop();
    }
  });

  test('a default key behind a passphrase is asked for only when nothing else lets in', async () => {
    const { privateKeyFile: key = '', ...bare } = target();
    const locked = join(sshd.folder, 'default_locked');
    makeKey(locked, 'ed25519', 'secret');
    allow(locked);
    const asked: string[] = [];
    const askPassphrase = (file: string) => {
      asked.push(file);
      return Promise.resolve('secret');
    };
    await connected(bare, { askPassphrase, defaultKeys: [locked, key] });
    expect(asked).toEqual([]);
    await connected(bare, { askPassphrase, defaultKeys: [locked] });
    expect(asked).toEqual([locked]);
  });

  test('an encrypted key that the ssh-agent holds needs no passphrase, with or without its public half beside it', async () => {
    const file = join(sshd.folder, 'held');
    makeKey(file, 'ed25519');
    allow(file);
    const agent = startAgent();
    try {
      agent.add(file);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file]);
      await connected(target({ keyFile: `${file}.pub` }), { agentSocket: agent.socket });
      rmSync(`${file}.pub`);
      await connected(target({ keyFile: file }), { agentSocket: agent.socket });
    } finally {
      agent.stop();
    }
  });
});

describe('jump hosts', () => {
  test('many hosts share one connection through a jump host', async () => {
    const entry = await wireTarget();
    const behind = target({ args: ['-J', `root@127.0.0.1:${entry.port}`] });
    const connector = openConnector(options());
    connectors.push(connector);
    const all = await Promise.all(Array.from({ length: 15 }, () => connector.connect(behind)));
    const outcomes = await Promise.all(
      all.flatMap((one) => (one.ok ? [one.remote.run(sh`true`, { timeoutSeconds: 10 })] : [])),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 15 }, () => 'done'));
    expect(wires[0]?.count()).toBe(1);
    for (const one of all) if (one.ok) await one.remote.close();
  });

  test('forty hosts get in through a jump host with MaxStartups 10:30:100, by either transport', async () => {
    const door = await startSshd({ config: ['MaxStartups 10:30:100'] });
    const config = join(door.folder, 'ssh_config');
    const lines = [`Host door`, '  HostName 127.0.0.1', `  Port ${door.port}`, '  User root'];
    lines.push(
      `  IdentityFile ${door.keyFile}`,
      `  UserKnownHostsFile ${door.knownHosts} ${sshd.knownHosts}`,
    );
    writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    appendFileSync(sshd.knownHosts, readFileSync(door.knownHosts, 'utf8'));
    try {
      const connector = openConnector(options({ sshConfigFile: config, connectTimeoutSeconds: 30 }));
      connectors.push(connector);
      for (const [transport, count] of [
        ['ssh', 40],
        ['openssh', 12],
      ] as const) {
        const behind = target({ transport, args: ['-J', 'door'] });
        const all = await Promise.all(Array.from({ length: count }, () => connector.connect(behind)));
        expect(all.map((one) => (one.ok ? 'in' : one.failure.message))).toEqual(all.map(() => 'in'));
        for (const one of all) if (one.ok) await one.remote.close();
      }
    } finally {
      await door.stop();
    }
  });

  test('a jump host that dies is the one cause for all behind it, and a later connection opens it anew', async () => {
    const entry = await wireTarget();
    const behind = target({ args: ['-J', `root@127.0.0.1:${entry.port}`] });
    const connector = openConnector(options());
    connectors.push(connector);
    const first = await connector.connect(behind);
    if (!first.ok) throw new Error(first.failure.message);
    const running = first.remote.run(
      sh`echo in; sleep 20`,
      when('in', () => wires[0]?.reset()),
    );
    const lost = await running;
    expect(lost.kind === 'connection-lost' && lost.cause).toMatch(
      /^the connection to the jump host 127.0.0.1 was lost/,
    );
    const second = await connector.connect(behind);
    expect(second.ok).toBe(true);
    if (second.ok) await second.remote.close();
    await first.remote.close();
  });

  test('a jump host that cannot be entered is told as such', async () => {
    const entry = await wireTarget();
    await wires.pop()?.close();
    const failure = await refused(target({ args: ['-J', `root@127.0.0.1:${entry.port}`] }));
    expect(failure.kind).toBe('jump-failed');
  });

  test('an unreachable host behind a jump host is unreachable', async () => {
    const dead = await wireTarget();
    await wires.pop()?.close();
    const failure = await refused({
      ...dead,
      sshArgs: [...dead.sshArgs, '-J', `root@127.0.0.1:${sshd.port}`],
    });
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toMatch(/through 127.0.0.1: .*refused/);
  });
});

describe('the system ssh as transport', () => {
  test('runs scripts with codes, streams, answers and one connection each', async () => {
    const remote = await connected(target({ transport: 'openssh' }));
    const first = await remote.run(sh`echo $PPID $SSH_CONNECTION; echo err >&2; exit 7`, {
      timeoutSeconds: 20,
    });
    expect(first).toMatchObject({ kind: 'done', code: 7 });
    expect(first.stderr).toMatch(/err\n$/);
    const second = await remote.run(sh`echo $PPID $SSH_CONNECTION; read a; echo "got $a"`, {
      timeoutSeconds: 20,
      answer: (stdout) => (stdout.includes('\n') ? 'yes\n' : undefined),
    });
    expect(second).toMatchObject({ kind: 'done', code: 0 });
    expect(second.stdout).toMatch(/got yes\n$/);
    expect(second.stdout.split('\n')[0]).not.toBe(first.stdout.split('\n')[0]);
  });

  test('leaves no master behind and shares no connection, whatever the configuration says', async () => {
    const config = join(sshd.folder, 'masters');
    const path = join(sshd.folder, 'master-%C');
    writeFileSync(config, `Host *\n  ControlMaster auto\n  ControlPersist 60\n  ControlPath ${path}\n`, {
      mode: 0o600,
    });
    const to = target({ transport: 'openssh' });
    const seen = new Set<string>();
    for (let count = 0; count < 2; count += 1) {
      const remote = await connected(to, { sshConfigFile: config });
      seen.add((await remote.run(sh`echo $SSH_CONNECTION`, { timeoutSeconds: 20 })).stdout);
    }
    expect(seen.size).toBe(2);
    expect(readdirSync(sshd.folder).filter((name) => name.startsWith('master-'))).toEqual([]);
  });

  test('goes through a ProxyCommand', async () => {
    const config = join(sshd.folder, 'proxied');
    writeFileSync(
      config,
      `Host hidden\n  ProxyCommand nc 127.0.0.1 ${sshd.port}\n  HostKeyAlias [127.0.0.1]:${sshd.port}\n`,
      { mode: 0o600 },
    );
    const to = { ...target({ transport: 'openssh' }), address: 'hidden' };
    const remote = await connected(to, { sshConfigFile: config });
    expect(await remote.run(sh`exit 9`, { timeoutSeconds: 20 })).toMatchObject({ kind: 'done', code: 9 });
  });

  test('tells a script that ends with 255 from an ssh that failed', async () => {
    const wired = await wireTarget();
    const remote = await connected({ ...wired, transport: 'openssh' });
    expect(await remote.run(sh`exit 255`, { timeoutSeconds: 20 })).toMatchObject({ kind: 'done', code: 255 });
    const running = remote.run(
      sh`echo before; sleep 20`,
      when('before', () => wires.at(-1)?.reset()),
    );
    expect(await running).toMatchObject({ kind: 'connection-lost', stdout: 'before\n' });
  });

  test('stops at the time limit', async () => {
    const remote = await connected(target({ transport: 'openssh' }));
    const outcome = await remote.run(sh`sleep 60`, { timeoutSeconds: 0.5 });
    expect(outcome).toMatchObject({ kind: 'timed-out' });
  });

  test('tells unknown and changed keys, refused logins and closed ports apart', async () => {
    const stranger = join(sshd.folder, 'stranger2');
    makeKey(stranger, 'ed25519');
    const file = join(sshd.folder, 'changed2');
    makeKey(join(sshd.folder, 'other2'), 'ed25519');
    writeFileSync(file, knownHostsLine(sshd.port, join(sshd.folder, 'other2.pub')));
    const dead = await wireTarget();
    await wires.pop()?.close();
    const openssh = { transport: 'openssh' } as const;
    const kinds = [];
    for (const to of [
      target({ ...openssh, knownHosts: join(sshd.folder, 'none') }),
      target({ ...openssh, knownHosts: file }),
      target({ ...openssh, keyFile: stranger }),
      { ...dead, ...openssh },
    ]) {
      kinds.push((await refused(to)).kind);
    }
    expect(kinds).toEqual(['host-key-unknown', 'host-key-changed', 'authentication-failed', 'unreachable']);
  });

  test('logs in with a certificate, which the built-in transport says it cannot', async () => {
    const certified = join(sshd.folder, 'certified');
    makeKey(certified, 'ed25519');
    const authority = join(sshd.folder, 'authority');
    makeKey(authority, 'ed25519');
    execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', 'root', `${certified}.pub`]);
    const line = `cert-authority ${readFileSync(`${authority}.pub`, 'utf8')}`;
    appendFileSync(join(sshd.folder, 'authorized_keys'), line);
    await connected(target({ transport: 'openssh', keyFile: certified }));
    const failure = await refused(target({ keyFile: certified }));
    expect(failure.hint).toMatch(/certificate .* ansible_connection: openssh/);
  });
});

describe('this machine as transport', () => {
  test('runs scripts by a child process that ends with its time limit', async () => {
    const remote = await connected(target({ transport: 'local' }));
    expect(await remote.run(sh`echo out; exit 3`, { timeoutSeconds: 5 })).toMatchObject({
      code: 3,
      stdout: 'out\n',
    });
    const outcome = await remote.run(sh`echo $$; sleep 60`, { timeoutSeconds: 0.5 });
    expect(outcome.kind).toBe('timed-out');
    await sleep(200);
    expect(() => process.kill(Number(outcome.stdout), 0)).toThrow();
  });
});

describe('ssh_config', () => {
  test('names address, port, user and key of an alias; what the inventory says wins', async () => {
    const file = join(sshd.folder, 'ssh_config');
    writeFileSync(
      file,
      [
        'Host alias',
        '  HostName 127.0.0.1',
        `  Port ${sshd.port}`,
        '  User root',
        `  IdentityFile ${sshd.keyFile}`,
        `  UserKnownHostsFile ${sshd.knownHosts}`,
        'Host through',
        '  ProxyCommand nc %h %p',
      ].join('\n'),
    );
    const { host, transport, become } = target();
    const named = { host, transport, become, address: 'alias', port: 22, user: 'gwfleet-nobody' };
    const alias: Target = { ...named, sshArgs: [] };
    const open: Target = { ...alias, defaulted: ['address', 'port', 'user'] };
    await connected(open, { sshConfigFile: file });
    const failure = await refused({ ...open, defaulted: ['address', 'port'] }, { sshConfigFile: file });
    expect(failure.message).toMatch(/refused the login of gwfleet-nobody/);
    const command = await refused({ ...open, address: 'through' }, { sshConfigFile: file });
    expect(command.hint).toMatch(/openssh/);
  });
});

function options(more: ConnectorOptions = {}): ConnectorOptions {
  return {
    home: sshd.folder,
    sshConfigFile: null,
    agentSocket: undefined,
    connectTimeoutSeconds: 5,
    ...more,
  };
}

interface Wish {
  readonly port?: number;
  readonly keyFile?: string;
  readonly knownHosts?: string;
  readonly policy?: string;
  readonly args?: readonly string[];
  readonly transport?: Target['transport'];
}

function target(wish: Wish = {}): Target {
  return {
    host: 'gw1',
    address: '127.0.0.1',
    port: wish.port ?? sshd.port,
    user: 'root',
    transport: wish.transport ?? 'ssh',
    privateKeyFile: wish.keyFile ?? sshd.keyFile,
    sshArgs: [
      ...['-o', `UserKnownHostsFile=${wish.knownHosts ?? sshd.knownHosts}`],
      ...['-o', `StrictHostKeyChecking=${wish.policy ?? 'yes'}`],
      ...(wish.args ?? []),
    ],
    become: null,
  };
}

async function connected(to: Target, more: ConnectorOptions = {}): Promise<Remote> {
  const connector = openConnector(options(more));
  connectors.push(connector);
  const connection = await connector.connect(to);
  if (!connection.ok) throw new Error(connection.failure.message);
  const { remote } = connection;
  connectors.push({ ...connector, close: () => remote.close() });
  return remote;
}

async function refused(to: Target, more: ConnectorOptions = {}): Promise<ConnectFailure> {
  const connector = openConnector(options(more));
  connectors.push(connector);
  const connection = await connector.connect(to);
  if (connection.ok) throw new Error('it connected');
  return connection.failure;
}

async function runOnce(
  script: Script,
  more: ConnectorOptions = {},
  runOptions: Partial<RunOptions> = {},
): Promise<Outcome> {
  const remote = await connected(target(), more);
  return await remote.run(script, { timeoutSeconds: 30, ...runOptions });
}

/** Does something as soon as the script has said a word. */
function when(word: string, act: () => void): RunOptions {
  let isDone = false;
  const answer = (stdout: string) => {
    if (!isDone && stdout.includes(word)) {
      isDone = true;
      act();
    }
    return undefined;
  };
  return { timeoutSeconds: 15, answer };
}

async function wireTarget(wireOptions: WireOptions = {}): Promise<Target> {
  const wire = await openWire(sshd.port, wireOptions);
  wires.push(wire);
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    appendFileSync(sshd.knownHosts, knownHostsLine(wire.port, join(sshd.folder, `host_${type}.pub`)));
  }
  return target({ port: wire.port });
}

async function throughWire(more: ConnectorOptions = {}): Promise<{ wire: FaultyWire; remote: Remote }> {
  const to = await wireTarget();
  const wire = wires.at(-1);
  if (wire === undefined) throw new Error('no wire');
  return { wire, remote: await connected(to, more) };
}

function allow(keyFile: string): void {
  appendFileSync(join(sshd.folder, 'authorized_keys'), readFileSync(`${keyFile}.pub`, 'utf8'));
}

function fingerprintOf(name: string): string {
  const text = execFileSync('ssh-keygen', ['-l', '-f', join(sshd.folder, name)], { encoding: 'utf8' });
  return text.split(' ')[1] ?? '';
}

function startAgent(): { socket: string; add: (file: string) => void; stop: () => void } {
  const socket = join(sshd.folder, 'agent');
  const said = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  return {
    socket,
    add: (file) => {
      chmodSync(file, 0o600);
      execFileSync('ssh-add', ['-q', file], { env });
    },
    stop: () => {
      process.kill(pid);
      rmSync(socket, { force: true });
    },
  };
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
