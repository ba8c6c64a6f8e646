/**
 * One SSH connection by node-ssh, made safe: the library removes its error listener once the login is done (an idle
 * reset would kill the process) and reports a lost connection as a result. Here every listener is permanent, the
 * first error is kept as the cause, and the socket is ours to destroy.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, AuthHandlerMiddleware, ClientChannel, ClientErrorExtensions } from 'ssh2';
import { takeShortcuts } from './ssh-shortcuts.ts';

export interface SessionOptions {
  readonly sock: Duplex;
  readonly username: string;
  /** What is left to offer: taken off as it is offered. */
  readonly methods: AnyAuthMethod[];
  readonly hostKeyAlgorithms: readonly string[];
  /** Called with the host's key in wire format; false refuses it. */
  readonly verifyHostKey: (blob: Buffer) => Promise<boolean>;
  /** Why the way to the host broke, if it is the way's fault. */
  readonly wayBroken: () => string | undefined;
  readonly handshakeTimeoutSeconds: number;
  readonly keepaliveSeconds: number;
  readonly keepaliveCount: number;
}

/** What stopped a login: the library's level (`client-authentication`, `client-timeout` ...) and words. */
export interface LoginError {
  readonly level: string;
  readonly message: string;
}

/** How long a host may take to say goodbye before the socket is destroyed. */
const graceSeconds = 0.5;

export class SshSession {
  readonly #ssh = new NodeSSH();
  readonly #sock: Duplex;
  readonly #wayBroken: () => string | undefined;
  readonly #closed: Promise<void>;
  #cause: string | undefined;
  #isClosed = false;
  #openCount = 0;
  #closeUp: () => void = () => undefined;

  private constructor({ sock, wayBroken }: SessionOptions) {
    this.#sock = sock;
    this.#wayBroken = wayBroken;
    this.#closed = new Promise((resolve) => {
      this.#closeUp = () => {
        this.#isClosed = true;
        resolve();
      };
    });
  }

  static async login(options: SessionOptions): Promise<SshSession | LoginError> {
    const session = new SshSession(options);
    const error = await session.#login(options);
    if (error === undefined) return session;
    session.#sock.destroy();
    return error;
  }

  /** Why the connection ended, once it has. */
  get cause(): string {
    return this.#wayBroken() ?? this.#cause ?? 'the host closed the connection';
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Opens a channel that runs a command, or says why not. */
  async exec(command: string): Promise<ClientChannel | Error> {
    const isOver = () => {
      this.#openCount -= 1;
    };
    this.#openCount += 1;
    const channel = await this.#open((client, give) => client.exec(command, give));
    if (channel instanceof Error) isOver();
    else channel.once('close', isOver);
    return channel;
  }

  /** How many commands run now or are about to. */
  get openCount(): number {
    return this.#openCount;
  }

  /** A TCP connection from the host to somewhere else: what a jump host does. */
  async forward(address: string, port: number): Promise<ClientChannel | Error> {
    return await this.#open((client, give) => client.forwardOut('127.0.0.1', 0, address, port, give));
  }

  /** Says goodbye; that the host says it too would be a round trip that nobody needs. */
  close(): void {
    if (this.#isClosed) return;
    this.#cause ??= 'it was closed here';
    this.#ssh.connection?.end();
    if (this.#sock instanceof Socket) this.#sock.unref();
    setTimeout(() => this.#sock.destroy(), graceSeconds * 1000).unref();
  }

  async #login(options: SessionOptions): Promise<LoginError | undefined> {
    let first: LoginError | undefined;
    const keep = (error: Error & ClientErrorExtensions) => {
      first ??= { level: error.level ?? '', message: error.message };
      this.#cause ??= /keepalive timeout/i.test(error.message) ? silence(options) : error.message;
    };
    const connecting = this.#ssh.connect({
      sock: options.sock,
      username: options.username,
      authHandler: oneByOne(options.methods),
      algorithms: { serverHostKey: [...options.hostKeyAlgorithms] as never },
      hostVerifier: (blob: Buffer, give: (isTrusted: boolean) => void) =>
        void options.verifyHostKey(blob).then(give, () => give(false)),
      readyTimeout: options.handshakeTimeoutSeconds * 1000,
      keepaliveInterval: options.keepaliveSeconds * 1000,
      keepaliveCountMax: options.keepaliveCount,
    });
    // node-ssh makes its client before its first await, so no event can come before these listeners.
    const client = this.#ssh.connection?.on('error', keep).on('close', () => this.#closeUp());
    if (client !== undefined) takeShortcuts(client, options.methods);
    try {
      await connecting;
      return undefined;
    } catch (error) {
      return first ?? { level: '', message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The library answers a channel request late, never, or by throwing; all three become a value. */
  async #open(
    request: (client: NonNullable<NodeSSH['connection']>, give: Give) => unknown,
  ): Promise<ClientChannel | Error> {
    const client = this.#ssh.connection;
    if (client === null || this.#isClosed) return new Error(this.cause);
    const opened = new Promise<ClientChannel | Error>((resolve) => {
      try {
        request(client, (error, channel) => {
          if (error === undefined) keepExit(channel);
          resolve(error ?? channel);
        });
      } catch (error) {
        resolve(error instanceof Error ? error : new Error(String(error)));
      }
    });
    return await Promise.race([opened, this.#closed.then(() => new Error(this.cause))]);
  }
}

function silence({ keepaliveSeconds, keepaliveCount }: SessionOptions): string {
  return `the host has been silent for ${keepaliveSeconds * keepaliveCount} s (keepalive)`;
}

/** A command that ends at once answers in the same packet as its channel, before anybody can listen. */
const exits = new WeakMap<ClientChannel, ExitStatus>();

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | undefined;
}

/** The exit status that came before the listener, if it came. */
export function earlyExit(channel: ClientChannel): ExitStatus | undefined {
  return exits.get(channel);
}

function keepExit(channel: ClientChannel): void {
  channel.once('exit', (code: number | null, signal?: string) => exits.set(channel, { code, signal }));
}

type Give = (error: Error | undefined, channel: ClientChannel) => void;

/** sshd's MaxAuthTries is 6; one is left for the password. What is left after that needs another connection. */
const keysAtMost = 5;

/** Offers each method once, and none that the host does not take. A password is sent one way only: tries are counted. */
function oneByOne(left: AnyAuthMethod[]): AuthHandlerMiddleware {
  let passwordSent = false;
  let keysSent = 0;
  return (accepted: readonly string[] | null, _partial, next) => {
    const isOpen = ({ type }: AnyAuthMethod) => {
      if (type === 'keyboard-interactive' && passwordSent) return false;
      return accepted?.includes(type === 'agent' ? 'publickey' : type) !== false;
    };
    const isKey = ({ type }: AnyAuthMethod) => type === 'agent' || type === 'publickey';
    if (keysSent === keysAtMost && left[0] !== undefined && isKey(left[0])) {
      next(false as never);
      return;
    }
    let method = left.shift();
    while (method !== undefined && !isOpen(method)) method = left.shift();
    if (method?.type === 'password') passwordSent = true;
    if (method !== undefined && isKey(method)) keysSent += 1;
    // `false` ends the login; the declared types do not know it.
    next(method ?? (false as never));
  };
}
