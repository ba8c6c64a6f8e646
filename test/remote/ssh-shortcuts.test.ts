/** Logins over a wire that carries what one side has said only when that side has nothing more to say. */
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { expect, test } from 'vitest';
import { SshSession } from '../../src/remote/ssh-session.ts';

/** One end: what is written waits; what arrives is pushed. */
class End extends Duplex {
  readonly waiting: Buffer[] = [];
  override _read(): void {
    // Pushed when it arrives.
  }
  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.waiting.push(chunk);
    done();
  }
}

/** How often we had to wait for the server's words until the login was done. */
async function waitsOf(key: ParsedKey, others: readonly ParsedKey[] = []) {
  const [client, server] = [new End(), new End()];
  const asked: string[] = [];
  const host = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (login) => {
      const isKnown = login.method === 'publickey' && login.key.data.equals(key.getPublicSSH());
      asked.push(login.method === 'publickey' && login.signature !== undefined ? 'signed' : login.method);
      if (isKnown) login.accept();
      else login.reject(['publickey']);
    });
  });
  host.injectSocket(server as never);
  const methods: AnyAuthMethod[] = [...others, key].map((one) => ({
    type: 'publickey',
    username: 'root',
    key: one,
  }));
  const over = new AbortController();
  const login = SshSession.login({
    sock: client,
    username: 'root',
    methods,
    hostKeyAlgorithms: ['ssh-ed25519'],
    verifyHostKey: () => Promise.resolve(true),
    wayBroken: () => undefined,
    handshakeTimeoutSeconds: 20,
    keepaliveSeconds: 5,
    keepaliveCount: 3,
  }).finally(() => over.abort());
  let waits = 0;
  for (; !over.signal.aborted; waits += 1) {
    await carried(client, server);
    await carried(server, client);
  }
  const session = await login;
  if (session instanceof SshSession) session.close();
  return { waits, asked, isIn: session instanceof SshSession };
}

async function carried(from: End, to: End): Promise<void> {
  await quiet();
  for (const chunk of from.waiting.splice(0)) to.push(chunk);
  await quiet();
}

/** Nothing here waits for a clock or another process, so a few turns of the loop are all that anybody needs. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

const hostKey = ssh2.utils.generateKeyPairSync('ed25519');
const newKey = (type: 'ed25519' | 'ecdsa' | 'rsa'): ParsedKey => {
  const { private: text } = ssh2.utils.generateKeyPairSync(type as 'rsa', {
    bits: type === 'ecdsa' ? 256 : 2048,
  });
  return ssh2.utils.parseKey(text) as ParsedKey;
};

test.each(['ed25519', 'ecdsa'] as const)(
  'a login with a key of %s is asked for and signed in one breath',
  async (type) => {
    const { waits, asked, isIn } = await waitsOf(newKey(type));
    expect({ asked, isIn }).toEqual({ asked: ['signed'], isIn: true });
    // For the server's wishes, for its half of the secret, and for its yes; asking before each step makes it five.
    expect(waits).toBe(3);
  },
);

test('a key of RSA waits for the server to say which signature it takes', async () => {
  const { waits, asked, isIn } = await waitsOf(newKey('rsa'));
  expect({ asked, isIn }).toEqual({ asked: ['signed'], isIn: true });
  expect(waits).toBe(4);
});

test('a key that the server does not know is followed by the next one', async () => {
  const { asked, isIn } = await waitsOf(newKey('ed25519'), [newKey('ecdsa'), newKey('ed25519')]);
  expect({ asked, isIn }).toEqual({ asked: ['signed', 'signed', 'signed'], isIn: true });
});
