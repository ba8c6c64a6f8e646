/** Host keys before a run: who is looked at, through whom, what is asked about, and what is written down. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OpenConnector, openConnector } from '../../src/remote/connector.ts';
import { fingerprint, keyType } from '../../src/remote/known-hosts.ts';
import type { Target } from '../../src/remote/remote.ts';
import type { ConnectorOptions } from '../../src/remote/settings.ts';
import { sh } from '../../src/shell/sh.ts';
import { knownHostsLine, makeKey, type Sshd, startSshd } from './remote/sshd.ts';

let jump: Sshd;
let inner: Sshd;
let deep: Sshd;
let all: readonly Sshd[];
let files = 0;
const connectors: OpenConnector[] = [];

beforeAll(async () => {
  all = await Promise.all([startSshd(), startSshd(), startSshd()]);
  [jump, inner, deep] = all as [Sshd, Sshd, Sshd];
  for (const { folder } of all)
    writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${jump.keyFile}.pub`));
});

afterEach(async () => {
  for (const connector of connectors.splice(0)) await connector.close();
});

afterAll(async () => {
  await Promise.all(all.map((sshd) => sshd.stop()));
});

describe('unknown keys of a run', () => {
  test('are gathered once, through jump hosts that are unknown themselves, and trusted together', async () => {
    const knownHosts = newFile();
    const chain = `root@127.0.0.1:${jump.port},root@127.0.0.1:${inner.port}`;
    const targets = [
      target('gw1', inner, { knownHosts, jumps: `root@127.0.0.1:${jump.port}` }),
      target('gw2', deep, { knownHosts, jumps: chain }),
      target('gw3', deep, { knownHosts, jumps: chain }),
    ];
    const connector = opened({ hostKeyPolicy: 'ask' });
    const { sights, misses } = await connector.scoutHostKeys(targets, 'unknown');
    expect(misses).toEqual([]);
    expect(sights.map(({ name, hosts, isJumpHost }) => ({ name, hosts, isJumpHost }))).toEqual([
      { name: nameOf(jump), hosts: ['gw1', 'gw2', 'gw3'], isJumpHost: true },
      { name: nameOf(inner), hosts: ['gw1', 'gw2', 'gw3'], isJumpHost: false },
      { name: nameOf(deep), hosts: ['gw2', 'gw3'], isJumpHost: false },
    ]);
    expect(sights.map(({ blob }) => fingerprint(blob))).toEqual([jump, inner, deep].map(printOf));
    expect((await connector.connect(targets[1]!)).ok).toBe(false);
    await connector.trustHostKeys(sights);
    expect(await says(connector, targets[1]!)).toBe('in\n');
    expect((await connector.scoutHostKeys(targets, 'unknown')).sights).toEqual([]);
    for (const sshd of all) expect(found(nameOf(sshd), knownHosts)).toContain('ssh-ed25519');
  });

  test('are none where the policy does not ask, and nobody is connected to', async () => {
    const knownHosts = newFile();
    for (const hostKeyPolicy of ['strict', 'accept-new'] as const) {
      const connector = opened({ hostKeyPolicy });
      const { sights } = await connector.scoutHostKeys([target('gw1', inner, { knownHosts })], 'unknown');
      expect(sights).toEqual([]);
    }
  });

  test('of a host for which the system ssh alone knows the way are seen too', async () => {
    const knownHosts = newFile();
    const config = newFile(
      `Host hidden\n  HostName 127.0.0.1\n  ProxyCommand nc %h ${inner.port}\n  HostKeyAlias veiled\n`,
    );
    const hidden: Target = {
      ...target('gw1', inner, { knownHosts }),
      address: 'hidden',
      transport: 'openssh',
    };
    const connector = opened({ hostKeyPolicy: 'ask', sshConfigFile: config });
    const { sights, misses } = await connector.scoutHostKeys([hidden], 'unknown');
    expect(misses).toEqual([]);
    expect(sights.map(({ name, blob }) => [name, fingerprint(blob)])).toEqual([['veiled', printOf(inner)]]);
    expect(await connector.connect(hidden)).toMatchObject({
      ok: false,
      failure: { kind: 'host-key-unknown' },
    });
    await connector.trustHostKeys(sights);
    expect(await says(connector, hidden)).toBe('in\n');
  });

  test('of a host that does not answer are a miss with its reason', async () => {
    const dead = { ...target('gw1', inner, { knownHosts: newFile() }), port: 1 };
    const { sights, misses } = await opened({ hostKeyPolicy: 'ask' }).scoutHostKeys([dead], 'unknown');
    expect(sights).toEqual([]);
    expect(misses).toMatchObject([
      { hosts: ['gw1'], failure: { message: expect.stringMatching(/refused/) as string } },
    ]);
  });
});

describe('a look at all', () => {
  test('tells known, unknown, changed and revoked apart', async () => {
    const key = (sshd: Sshd) => knownHostsLine(sshd.port, join(sshd.folder, 'host_ed25519.pub'));
    makeKey(join(jump.folder, 'another'), 'ed25519');
    const changed = knownHostsLine(deep.port, join(jump.folder, 'another.pub'));
    const knownHosts = newFile(`${key(jump)}${changed}@revoked ${key(inner).replace(/^\S+/, '*')}`);
    const hosts = [
      target('a', jump, { knownHosts }),
      target('b', deep, { knownHosts }),
      target('c', inner, { knownHosts }),
    ];
    const { sights } = await opened().scoutHostKeys(
      [...hosts, target('d', jump, { knownHosts: newFile() })],
      'as-login',
    );
    expect(sights.map(({ hosts: of, verdict }) => `${of.join()} ${verdict.kind}`)).toEqual([
      'a known',
      'b changed',
      'c revoked',
      'd unknown',
    ]);
  });

  test('finds every type of key that a host has', async () => {
    const { sights } = await opened().scoutHostKeys(
      [target('gw1', inner, { knownHosts: newFile() })],
      'all-keys',
    );
    expect(sights.map(({ blob }) => keyType(blob))).toEqual([
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ssh-rsa',
    ]);
  });
});

describe('keys are written as ssh writes them', () => {
  test('hashed where ssh_config says HashKnownHosts, so that ssh and ssh-keygen find them', async () => {
    for (const hash of ['yes', 'no']) {
      const knownHosts = newFile('# no newline at the end');
      const config = newFile(`Host *\n  HashKnownHosts ${hash}\n`);
      const to = target('gw1', inner, { knownHosts, policy: 'accept-new' });
      expect(await says(opened({ sshConfigFile: config }), to)).toBe('in\n');
      const text = readFileSync(knownHosts, 'utf8');
      expect(text).toMatch(
        hash === 'yes' ? /\n\|1\|[^ ]+ ssh-ed25519 \S+\n$/ : /\n\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+\n$/,
      );
      expect(found(nameOf(inner), knownHosts)).toContain('found: line 2');
      const strict = target('gw1', inner, { knownHosts, policy: 'yes' });
      expect(await says(opened(), strict)).toBe('in\n');
      expect(await says(opened(), { ...strict, transport: 'openssh' })).toBe('in\n');
    }
  });

  test('once, by many connections and many runs at once', async () => {
    const knownHosts = newFile();
    const to = target('gw1', inner, { knownHosts, policy: 'accept-new' });
    await Promise.all(Array.from({ length: 6 }, () => says(opened(), to)));
    const lines = readFileSync(knownHosts, 'utf8').trim().split('\n');
    expect(new Set(lines).size).toBe(1);
    expect(found(nameOf(inner), knownHosts)).toContain('ssh-ed25519');
  });

  test('a file that cannot be written does not keep us out, and is told', async () => {
    const told: string[] = [];
    const to = target('gw1', inner, { knownHosts: '/proc/gwfleet/known_hosts', policy: 'accept-new' });
    const connector = opened({ onLearned: ({ problem = '' }) => told.push(problem) });
    expect(await says(connector, to)).toBe('in\n');
    expect(told).toEqual([expect.stringMatching(/ENOENT/)]);
  });
});

describe('what else ssh knows about names', () => {
  test('the very key that is known on port 22 is known on another port, another one is not', async () => {
    const line = (file: string) => `127.0.0.1 ${readFileSync(join(inner.folder, file), 'utf8')}`;
    const same = newFile(line('host_ed25519.pub'));
    expect(await says(opened(), target('gw1', inner, { knownHosts: same }))).toBe('in\n');
    const other = newFile(`127.0.0.1 ${readFileSync(join(deep.folder, 'host_ed25519.pub'), 'utf8')}`);
    const failed = await opened().connect(target('gw1', inner, { knownHosts: other }));
    expect(failed).toMatchObject({ ok: false, failure: { kind: 'host-key-unknown' } });
  });

  test('GlobalKnownHostsFile is read, and an authority is no reason to take a bare key on trust', async () => {
    const global = newFile(knownHostsLine(inner.port, join(inner.folder, 'host_ed25519.pub')));
    const config = newFile(`Host *\n  GlobalKnownHostsFile ${global}\n`);
    const to = target('gw1', inner, { knownHosts: newFile() });
    expect(await says(opened({ sshConfigFile: config }), to)).toBe('in\n');
    const authority = newFile(
      `@cert-authority * ${readFileSync(join(deep.folder, 'host_ed25519.pub'), 'utf8')}`,
    );
    const failed = await opened().connect(
      target('gw1', inner, { knownHosts: authority, policy: 'accept-new' }),
    );
    expect(failed).toMatchObject({
      ok: false,
      failure: { kind: 'host-key-unknown', hint: expect.stringMatching(/openssh/) as string },
    });
  });

  test('a jump host lies behind those that its own configuration names, and a circle is told', async () => {
    const knownHosts = newFile();
    const lines = (host: string, sshd: Sshd, by: string) =>
      `Host ${host}\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User root\n  IdentityFile ${jump.keyFile}\n${by}`;
    const config = newFile(
      `${lines('outer', jump, '')}${lines('middle', inner, '  ProxyJump outer\n')}Host ring\n  ProxyJump ring2\nHost ring2\n  ProxyJump ring\n`,
    );
    const to = target('gw1', deep, { knownHosts, policy: 'accept-new', jumps: 'middle' });
    const connector = opened({ sshConfigFile: config });
    expect(await says(connector, to)).toBe('in\n');
    for (const sshd of all) expect(found(nameOf(sshd), knownHosts)).toContain('ssh-ed25519');
    const round = await connector.connect(target('gw1', deep, { knownHosts, jumps: 'ring' }));
    expect(round).toMatchObject({
      ok: false,
      failure: { message: expect.stringMatching(/circle: .*ring -> ring2 -> ring/) as string },
    });
  });

  test('a configuration that ssh refuses is told in its words', async () => {
    const config = newFile('Host *\n  NoSuchOption yes\n');
    const failed = await opened({ sshConfigFile: config }).connect(
      target('gw1', inner, { knownHosts: newFile() }),
    );
    expect(failed).toMatchObject({
      ok: false,
      failure: { kind: 'config-unusable', message: expect.stringMatching(/nosuchoption/i) as string },
    });
  });
});

interface Wish {
  readonly knownHosts: string;
  readonly policy?: string;
  readonly jumps?: string;
}

function target(host: string, sshd: Sshd, { knownHosts, policy, jumps }: Wish): Target {
  return {
    host,
    address: '127.0.0.1',
    port: sshd.port,
    user: 'root',
    transport: 'ssh',
    privateKeyFile: jump.keyFile,
    sshArgs: [
      ...['-o', `UserKnownHostsFile=${knownHosts}`],
      ...(policy === undefined ? [] : ['-o', `StrictHostKeyChecking=${policy}`]),
      ...(jumps === undefined ? [] : ['-J', jumps]),
    ],
    become: null,
  };
}

function opened(more: ConnectorOptions = {}): OpenConnector {
  const connector = openConnector({
    home: jump.folder,
    sshConfigFile: null,
    agentSocket: undefined,
    connectTimeoutSeconds: 10,
    ...more,
  });
  connectors.push(connector);
  return connector;
}

async function says(connector: OpenConnector, to: Target): Promise<string> {
  const connection = await connector.connect(to);
  if (!connection.ok) return connection.failure.message;
  const { stdout } = await connection.remote.run(sh`echo in`, { timeoutSeconds: 20 });
  await connection.remote.close();
  return stdout;
}

function newFile(text = ''): string {
  files += 1;
  const file = join(jump.folder, `file${files}`);
  writeFileSync(file, text);
  return file;
}

function nameOf({ port }: Sshd): string {
  return `[127.0.0.1]:${port}`;
}

function printOf({ folder }: Sshd): string {
  const said = execFileSync('ssh-keygen', ['-l', '-f', join(folder, 'host_ed25519.pub')], {
    encoding: 'utf8',
  });
  return said.split(' ')[1] ?? '';
}

function found(name: string, file: string): string {
  return execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
}
