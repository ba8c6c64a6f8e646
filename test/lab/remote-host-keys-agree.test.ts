/**
 * The two transports decide alike about a host key, whatever a known_hosts line looks like; what only the system's ssh
 * can decide (a certificate of the host), the built-in one refuses and says so.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openConnector } from '../../src/remote/connector.ts';
import type { Connection, Target } from '../../src/remote/remote.ts';
import { makeKey, type Sshd, startSshd } from './remote/sshd.ts';

let certified: Sshd;
let jump: Sshd;

beforeAll(async () => {
  [certified, jump] = await Promise.all([
    startSshd({ hostKeyTypes: ['ed25519'], hostCertificates: true }),
    startSshd({ hostKeyTypes: ['ed25519'] }),
  ]);
  makeKey(join(certified.folder, 'stranger'), 'ed25519');
  writeFileSync(join(jump.folder, 'authorized_keys'), readFileSync(`${certified.keyFile}.pub`));
});

afterAll(async () => {
  await Promise.all([certified.stop(), jump.stop()]);
});

/** The key of a file without its comment. */
const key = (name: string): string =>
  readFileSync(join(certified.folder, `${name}.pub`), 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ');
const host = () => `[127.0.0.1]:${certified.port}`;

const lines: Readonly<
  Record<string, readonly [lines: () => readonly string[], builtIn: string, openssh: string]>
> = {
  'the plain name': [() => [`${host()} ${key('host_ed25519')}`], 'in', 'in'],
  'a wildcard': [() => [`[127.0.0.*]:* ${key('host_ed25519')}`], 'in', 'in'],
  'the name for port 22 with the very same key': [() => [`127.0.0.1 ${key('host_ed25519')}`], 'in', 'in'],
  'a name among others, in a line with blanks before it': [
    () => [`  other,${host()},x ${key('host_ed25519')} comment`],
    'in',
    'in',
  ],
  'a negation': [
    () => [`[127.0.0.*]:*,!${host()} ${key('host_ed25519')}`],
    'host-key-unknown',
    'host-key-unknown',
  ],
  'another key': [() => [`${host()} ${key('stranger')}`], 'host-key-changed', 'host-key-changed'],
  nothing: [() => [], 'host-key-unknown', 'host-key-unknown'],
  'the key, revoked by a wildcard': [
    () => [`${host()} ${key('host_ed25519')}`, `@revoked * ${key('host_ed25519')}`],
    'host-key-revoked',
    'host-key-revoked',
  ],
  'its authority': [() => [`@cert-authority * ${key('authority')}`], 'host-key-unknown', 'in'],
  'its authority for other names': [
    () => [`@cert-authority *.example ${key('authority')}`],
    'host-key-unknown',
    'host-key-unknown',
  ],
  'another authority': [
    () => [`@cert-authority * ${key('stranger')}`],
    'host-key-unknown',
    'host-key-unknown',
  ],
  'its authority and its plain key': [
    () => [`@cert-authority * ${key('authority')}`, `${host()} ${key('host_ed25519')}`],
    'in',
    'in',
  ],
};

describe.each(['plain names', 'hashed names'])('with %s', (form) => {
  test.each(Object.entries(lines))('%s', async (name, [made, builtIn, openssh]) => {
    const file = join(certified.folder, 'tried');
    writeFileSync(
      file,
      made()
        .map((line) => `${line}\n`)
        .join(''),
    );
    // Wildcards and marks cannot be hashed: ssh-keygen leaves such lines as they are.
    if (form === 'hashed names') execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    const ended = [];
    for (const transport of ['ssh', 'openssh'] as const) {
      const connection = await connect({ transport, sshArgs: ['-o', `UserKnownHostsFile=${file}`] });
      ended.push(connection);
      if (connection.ok) await connection.remote.close();
    }
    const kinds = ended.map((one) => (one.ok ? 'in' : one.failure.kind));
    expect(kinds).toEqual([builtIn, openssh]);
    const [first] = ended;
    if (name.startsWith('its authority') && first?.ok === false && !name.includes('other names'))
      expect(first.failure).toMatchObject({
        message: expect.stringMatching(/a certificate authority is known \(.*tried:1\)/) as string,
        hint: 'add the plain key to known_hosts, or use ansible_connection: openssh',
      });
  });
});

test('a jump host is judged under its own name by both, also when its target is well known', async () => {
  const own = (sshd: Sshd) => readFileSync(sshd.knownHosts, 'utf8');
  const config = join(certified.folder, 'jumps');
  const file = join(certified.folder, 'jumps_known');
  writeFileSync(
    config,
    `Host door\n  HostName 127.0.0.1\n  Port ${jump.port}\n  User root\n  IdentityFile ${certified.keyFile}\nHost *\n  UserKnownHostsFile ${file}\n`,
    { mode: 0o600 },
  );
  const renamed = own(certified).replace(host(), `[127.0.0.1]:${jump.port}`);
  const tries: readonly (readonly [string, RegExp])[] = [
    [`${own(certified)}${own(jump)}`, /^in$/],
    [own(certified), /jump|not known|verification failed|closed/i],
    [`${own(certified)}${renamed}`, /changed|closed/i],
    [`${own(certified)}${own(jump)}@revoked * ${own(jump).split(' ').slice(1).join(' ')}`, /revoked|closed/i],
  ];
  for (const [known, words] of tries) {
    writeFileSync(file, known);
    for (const transport of ['ssh', 'openssh'] as const) {
      const connection = await connect({ transport, sshArgs: ['-J', 'door'] }, config);
      expect(connection.ok ? 'in' : connection.failure.message).toMatch(words);
      if (connection.ok) await connection.remote.close();
    }
  }
});

async function connect(wish: Partial<Target>, config: string | null = null): Promise<Connection> {
  const connector = openConnector({
    home: certified.folder,
    sshConfigFile: config,
    agentSocket: undefined,
    connectTimeoutSeconds: 10,
  });
  const connection = await connector.connect({
    host: 'gw1',
    address: '127.0.0.1',
    port: certified.port,
    user: 'root',
    transport: 'ssh',
    privateKeyFile: certified.keyFile,
    sshArgs: [],
    become: null,
    ...wish,
  });
  if (!connection.ok) await connector.close();
  return connection;
}
