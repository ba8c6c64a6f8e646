/**
 * SSH servers that misbehave on purpose, one a port: before the login as bytes on a socket, after it by a library that
 * speaks the protocol. Each is named by what it does.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type ServerChannel, type Connection as ServerSide } from 'ssh2';

/** Clears the screen, sets a title, colours, and turns the writing direction: in 7 and in 8 bits. */
export const escapes = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\u007f';

/** Control characters but newline and tab, and the marks that turn the writing direction. */
export const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

export interface HostileServer {
  readonly name: string;
  readonly port: number;
}

export interface HostileServers {
  readonly servers: readonly HostileServer[];
  /** Lines of known_hosts for all of them. */
  readonly knownHosts: string;
  close(): void;
}

const idle = (): void => undefined;

const beforeTheLogin: Readonly<Record<string, (socket: Socket) => void>> = {
  'says-nothing': idle,
  'banner-of-escapes': (socket) => socket.write(`SSH-2.0-${escapes}\r\n`),
  'lines-of-escapes': (socket) => pour(socket, `${escapes}\r\n`.repeat(500)),
  'no-newline': (socket) => pour(socket, 'x'.repeat(65_536)),
  'banner-without-end': (socket) => pour(socket, `SSH-2.0-${'y'.repeat(65_536)}`),
  'eof-in-key-exchange': (socket) => {
    socket.write('SSH-2.0-x\r\n');
    socket.once('data', () => socket.end());
  },
  'reset-in-key-exchange': (socket) => {
    socket.write('SSH-2.0-x\r\n');
    socket.once('data', () => socket.resetAndDestroy());
  },
  'garbage-in-key-exchange': (socket) => socket.write(`SSH-2.0-x\r\n${'\u0001'.repeat(5000)}`),
  'a-packet-of-2-gib': (socket) => {
    socket.write('SSH-2.0-x\r\n\u007f\u007f\u007f\u007f\u0004');
    pour(socket, 'z'.repeat(65_536));
  },
  'one-byte-a-second': (socket) => {
    const text = 'SSH-2.0-OpenSSH_9.2\r\n';
    let at = 0;
    const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 1000);
    socket.on('close', () => clearInterval(timer));
  },
  'half-closed': (socket) => socket.end('SSH-2.0-x\r\n'),
  'speaks-http': (socket) => socket.end(`HTTP/1.0 400 ${escapes}\r\n\r\n`),
  'says-goodbye-in-escapes': (socket) => socket.write(goodbye(`${escapes}go away`)),
};

const afterTheLogin: Readonly<Record<string, (client: ServerSide) => unknown>> = {
  'never-lets-in': (client) => client.on('authentication', idle),
  'refuses-with-escapes': (client) =>
    client.on('authentication', (context) => context.reject([escapes as never], true)),
  'opens-no-session': (client) => letIn(client).on('session', idle),
  'refuses-sessions': (client) => letIn(client).on('session', (_accept, reject) => reject()),
  'never-runs-anything': (client) => letIn(client).on('session', (accept) => accept().on('exec', idle)),
  'runs-and-says-nothing': (client) => running(client, idle),
  'runs-and-ends-at-once': (client) =>
    running(client, (channel) => {
      channel.exit(0);
      channel.end();
    }),
  'exits-but-never-closes': (client) => running(client, (channel) => channel.exit(0)),
  'closes-without-an-exit': (client) => running(client, (channel) => channel.end()),
  'talks-without-end': (client) =>
    running(client, (channel) => {
      pour(channel, '\u00e9'.repeat(30_000));
      pour(channel.stderr, escapes.repeat(3000));
    }),
  'answers-in-escapes': (client) =>
    running(client, (channel) => {
      channel.write(escapes);
      channel.stderr.write(`${escapes}no`);
      channel.exit(3);
      channel.end();
    }),
  'one-dot-a-second': (client) =>
    running(client, (channel) => {
      const timer = setInterval(() => channel.write('.'), 1000);
      channel.on('close', () => clearInterval(timer));
    }),
  'hangs-up-in-the-script': (client) =>
    running(client, (channel) => {
      channel.write('x');
      setTimeout(() => client.end(), 200);
    }),
  'an-echo': (client) => running(client, (channel) => channel.pipe(channel)),
};

export async function openHostileServers(): Promise<HostileServers> {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const hostKey = pem.export({ type: 'pkcs1', format: 'pem' });
  const parsed = ssh2.utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  const key = parsed.getPublicSSH().toString('base64');
  const sockets = new Set<Socket>();
  const open: Server[] = [];
  const servers: HostileServer[] = [];
  const banner = `${escapes}\nwelcome`.repeat(500);
  const all: readonly (readonly [string, Server])[] = [
    ...Object.entries(beforeTheLogin).map(
      ([name, act]) => [name, createServer({ allowHalfOpen: true }, act)] as const,
    ),
    ...Object.entries(afterTheLogin).map(
      ([name, act]) =>
        [
          name,
          new ssh2.Server({ hostKeys: [hostKey], banner }, (client) => {
            client.on('error', idle);
            act(client);
          }),
        ] as const,
    ),
  ];
  for (const [name, server] of all) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', idle));
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    open.push(server);
    servers.push({ name, port: address.port });
  }
  return {
    servers,
    knownHosts: servers.map(({ port }) => `[127.0.0.1]:${port} ssh-rsa ${key}\n`).join(''),
    close: () => {
      for (const server of open) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function letIn(client: ServerSide): ServerSide {
  return client.on('authentication', (context) => context.accept());
}

function running(client: ServerSide, act: (channel: ServerChannel) => unknown): unknown {
  return letIn(client).on('session', (accept) =>
    accept().on('exec', (run) => {
      const channel = run();
      channel.on('error', idle);
      act(channel);
    }),
  );
}

/** Writes as fast as the other side reads. */
function pour(stream: NodeJS.WritableStream, words: string): void {
  stream.on('error', idle);
  const more = (): void => {
    while (stream.writable && stream.write(words));
  };
  stream.on('drain', more);
  more();
}

/** SSH_MSG_DISCONNECT (RFC 4253, 11.1) in an unencrypted packet. */
function goodbye(words: string): Buffer {
  const text = Buffer.from(words);
  const body = Buffer.concat([Buffer.from([1, 0, 0, 0, 2]), length(text), text, length(Buffer.alloc(0))]);
  const padding = 16 - ((body.length + 5) % 8);
  const head = Buffer.concat([length(Buffer.alloc(1 + body.length + padding)), Buffer.from([padding])]);
  return Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), head, body, Buffer.alloc(padding)]);
}

function length({ length: count }: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(count);
  return bytes;
}
