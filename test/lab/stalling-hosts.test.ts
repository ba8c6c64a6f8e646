/**
 * Hosts that stop answering at every stage, and hosts that never stop talking: each ends in its limit, with a message
 * that names the limit. The hosts are fakes that fail on purpose; what a healthy sshd does is tested elsewhere.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection as ServerSide } from 'ssh2';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openConnector } from '../../src/remote/connector.ts';
import type { ConnectFailure, Outcome, Target } from '../../src/remote/remote.ts';
import { sh } from '../../src/shell/sh.ts';
import { makeKey } from './remote/sshd.ts';

let folder: string;
const hostKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs1',
  format: 'pem',
});
const ends: (() => void)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwfleet-stall-'));
  makeKey(join(folder, 'key'), 'ed25519');
  writeFileSync(join(folder, 'known_hosts'), '');
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[string, (socket: Socket) => void, RegExp]>([
  ['accepts and says nothing', () => undefined, /the SSH login was not done within 1 s/],
  [
    'says who it is and no more',
    (socket) => socket.write('SSH-2.0-stalled\r\n'),
    /the SSH login was not done within 1 s/,
  ],
  ['sends a banner without end', (socket) => pour(socket, 'welcome '.repeat(1000)), /login/],
  ['sends lines without end', (socket) => pour(socket, 'welcome\r\n'.repeat(1000)), /login/],
  [
    'begins the key exchange with garbage',
    (socket) => socket.write(`SSH-2.0-x\r\n${'\u0001'.repeat(5000)}`),
    /login/,
  ],
  ['hangs up at once', (socket) => socket.end(), /broke during the login/],
])('a host that %s is left', async (_, act, words) => {
  const port = await listening(
    createServer((socket) => {
      keep(socket);
      act(socket);
    }),
  );
  const before = process.memoryUsage().rss;
  const failure = await refusal(port);
  expect(failure.message).toMatch(words);
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
});

test('a host that stalls when we log in is left at the limit', async () => {
  const failure = await refusal(await fakeHost((client) => client.on('authentication', () => undefined)));
  expect(failure).toMatchObject({
    kind: 'timed-out',
    message: expect.stringMatching(
      /accepts connections, but the SSH login was not done within 1 s/,
    ) as string,
  });
});

test('a host that opens no session ends the script before it began', async () => {
  const outcome = await outcomeOn(
    await fakeHost((client) => {
      letIn(client);
      client.on('session', () => undefined);
    }),
  );
  expect(outcome).toMatchObject({
    kind: 'not-started',
    cause: expect.stringMatching(/opened no session for the script: no answer within 1 s/) as string,
  });
});

test('a host that refuses every session says so', async () => {
  const port = await fakeHost((client) => {
    letIn(client);
    client.on('session', (_accept, reject) => reject());
  });
  expect(await outcomeOn(port)).toMatchObject({
    kind: 'not-started',
    cause: expect.stringMatching(/opened no session/) as string,
  });
});

test('a host that never answers the request to run something ends it before it began', async () => {
  const port = await fakeHost((client) => {
    letIn(client);
    client.on('session', (accept) => accept().on('exec', () => undefined));
  });
  expect(await outcomeOn(port)).toMatchObject({
    kind: 'not-started',
    cause: expect.stringMatching(/no answer within 1 s/) as string,
  });
});

test.each<[string, string | undefined]>([
  ['says nothing', undefined],
  ['talks without end', 'x'.repeat(30_000)],
])('a script that runs and %s ends at its limit', async (_, words) => {
  const port = await fakeHost((client) => {
    letIn(client);
    client.on('session', (accept) =>
      accept().on('exec', (run) => {
        const stream = run();
        stream.on('error', () => undefined);
        if (words !== undefined) pour(stream, words);
      }),
    );
  });
  expect(await outcomeOn(port)).toMatchObject({ kind: 'timed-out', seconds: 1 });
});

test('a script whose end nobody tells is a lost connection', async () => {
  const port = await fakeHost((client) => {
    letIn(client);
    client.on('session', (accept) => accept().on('exec', (run) => run().end()));
  });
  expect(await outcomeOn(port)).toMatchObject({
    kind: 'connection-lost',
    cause: 'the host closed the session without an exit status',
  });
});

/** Writes as fast as the other side reads. */
function pour(stream: NodeJS.WritableStream, words: string): void {
  stream.on('error', () => undefined);
  const more = (): void => {
    while (stream.writable && stream.write(words));
  };
  stream.on('drain', more);
  more();
}

function letIn(client: ServerSide): void {
  client.on('authentication', (context) => context.accept());
}

async function fakeHost(act: (client: ServerSide) => unknown): Promise<number> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    ends.push(() => client.end());
    act(client);
  });
  return await listening(server);
}

function keep(socket: Socket): void {
  socket.on('error', () => undefined);
  ends.push(() => socket.destroy());
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function connect(port: number) {
  const connector = openConnector({
    home: folder,
    sshConfigFile: null,
    agentSocket: undefined,
    hostKeyPolicy: 'accept-new',
    knownHostsFiles: [join(folder, 'known_hosts')],
    connectTimeoutSeconds: 1,
  });
  ends.push(() => void connector.close());
  const target: Target = {
    host: 'gw1',
    address: '127.0.0.1',
    port,
    user: 'root',
    transport: 'ssh',
    privateKeyFile: join(folder, 'key'),
    sshArgs: [],
    become: null,
  };
  return connector.connect(target);
}

async function refusal(port: number): Promise<ConnectFailure> {
  const connection = await connect(port);
  if (connection.ok) throw new Error('it connected');
  return connection.failure;
}

async function outcomeOn(port: number): Promise<Outcome> {
  const connection = await connect(port);
  if (!connection.ok) throw new Error(connection.failure.message);
  const outcome = await connection.remote.run(sh`echo in`, { timeoutSeconds: 1 });
  await connection.remote.close();
  return outcome;
}
