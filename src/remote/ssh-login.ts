/**
 * From a hop to an authenticated session, or to the sentence why not. Only this phase is ever retried: a script that
 * may have started is not.
 */
import type { Duplex } from 'node:stream';
import { type HostKeys, hostKeyAlgorithms, keyRefusal } from './host-keys.ts';
import { fingerprint, keyType } from './known-hosts.ts';
import { type LoginMethods, loginMethods } from './login-methods.ts';
import type { PrivateKeys } from './private-keys.ts';
import type { ConnectFailure } from './remote.ts';
import type { Hop } from './route.ts';
import type { Settings } from './settings.ts';
import { type LoginError, SshSession } from './ssh-session.ts';
import { pause } from './time-limit.ts';

/** What all logins of a run share. */
export interface LoginShop {
  readonly settings: Settings;
  readonly keys: PrivateKeys;
  readonly hostKeys: HostKeys;
  /** Runs one question after the other. */
  readonly inTurn: <T>(question: () => Promise<T>) => Promise<T>;
}

/** How the bytes get there: a socket, or a channel of a jump host. */
export interface Way {
  readonly open: () => Promise<Duplex | ConnectFailure>;
  /** Why the way itself broke, if it did: the jump host's end is the cause for all behind it. */
  readonly broken: () => string | undefined;
}

/** sshd drops new connections at random while too many log in (MaxStartups): try again a little later. */
const attempts = 5;

export async function logIn(
  hop: Hop,
  { way, signal }: { way: Way; signal?: AbortSignal | undefined },
  shop: LoginShop,
): Promise<SshSession | ConnectFailure> {
  const offer = await loginMethods(hop.login, shop.keys);
  if ('kind' in offer) return offer;
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryOnce({ hop, way, signal, offer }, shop);
    if ('session' in result) return result.session;
    if ('unknownKey' in result) {
      const failure = await askAbout(hop, result.unknownKey, shop);
      if (failure !== undefined) return failure;
    } else if (!result.again || attempt >= attempts || signal?.aborted === true) return result.failure;
    else await pause(attempt * (0.2 + Math.random() * 0.4));
  }
}

/** The key that a host shows, without logging in. */
export async function showHostKey(
  hop: Hop,
  { way, signal }: { way: Way; signal?: AbortSignal | undefined },
  shop: LoginShop,
): Promise<{ blob: Buffer } | ConnectFailure> {
  const known = shop.hostKeys.known(hop.hostKeyRule);
  if ('failure' in known) return known.failure;
  const sock = await way.open();
  if ('kind' in sock) return sock;
  let shown: Buffer | undefined;
  const verifyHostKey = (blob: Buffer) => {
    shown = blob;
    return false;
  };
  const nobody = { methods: [], tried: [] };
  const options = { ...sessionOptions(hop, nobody, shop), sock, verifyHostKey, wayBroken: way.broken };
  const algorithms = hostKeyAlgorithms(known.keys);
  const error = await interruptible(
    sock,
    signal,
    SshSession.login({ ...options, hostKeyAlgorithms: algorithms }),
  );
  if (shown !== undefined) return { blob: shown };
  if (error instanceof SshSession) throw new Error('a login without host key and method succeeded');
  return explained(error, { hop, offer: nobody });
}

interface Attempt {
  readonly hop: Hop;
  readonly way: Way;
  readonly signal: AbortSignal | undefined;
  readonly offer: LoginMethods;
}

type Result =
  | { readonly session: SshSession }
  | { readonly unknownKey: Buffer }
  | { readonly failure: ConnectFailure; readonly again: boolean };

async function tryOnce({ hop, way, signal, offer }: Attempt, shop: LoginShop): Promise<Result> {
  const { hostKeyRule } = hop;
  const known = shop.hostKeys.known(hostKeyRule);
  if ('failure' in known) return { failure: known.failure, again: false };
  const sock = await way.open();
  // A reset may come so early that the socket is not even open yet.
  if ('kind' in sock) return { failure: sock, again: sock.message.includes('reset') };
  let refusal: ConnectFailure | undefined;
  let unknownKey: Buffer | undefined;
  const verifyHostKey = (blob: Buffer) => {
    const verdict = shop.hostKeys.judge(hostKeyRule, blob);
    if (verdict.kind === 'unreadable') refusal = verdict.failure;
    else if (verdict.kind !== 'unknown' || hostKeyRule.policy === 'strict') {
      refusal = keyRefusal(hostKeyRule.name, blob, verdict);
    } else if (hostKeyRule.policy === 'accept-new') refusal = shop.hostKeys.learn(hostKeyRule, blob);
    else unknownKey = blob;
    return refusal === undefined && unknownKey === undefined;
  };
  const algorithms = hostKeyAlgorithms(known.keys);
  const own = { sock, verifyHostKey, hostKeyAlgorithms: algorithms, wayBroken: way.broken };
  const options = { ...sessionOptions(hop, offer, shop), ...own };
  const session = await interruptible(sock, signal, SshSession.login(options));
  if (session instanceof SshSession) return { session };
  if (unknownKey !== undefined) return { unknownKey };
  if (refusal !== undefined) return { failure: refusal, again: false };
  return { failure: explained(session, { hop, offer }), again: isPassing(session) };
}

function sessionOptions({ login }: Hop, { methods }: LoginMethods, { settings }: LoginShop) {
  return {
    username: login.user,
    methods,
    handshakeTimeoutSeconds: settings.connectTimeoutSeconds,
    keepaliveSeconds: settings.keepaliveSeconds,
    keepaliveCount: settings.keepaliveCount,
  };
}

async function interruptible<T>(sock: Duplex, signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  const interrupt = () => sock.destroy();
  signal?.addEventListener('abort', interrupt);
  try {
    return await work;
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

async function askAbout(hop: Hop, blob: Buffer, shop: LoginShop): Promise<ConnectFailure | undefined> {
  const { hostKeyRule } = hop;
  return await shop.inTurn(async () => {
    // The question before may have been about the same host.
    const verdict = shop.hostKeys.judge(hostKeyRule, blob);
    if (verdict.kind === 'unreadable') return verdict.failure;
    if (verdict.kind !== 'unknown') return keyRefusal(hostKeyRule.name, blob, verdict);
    const question = {
      name: hostKeyRule.name,
      keyType: keyType(blob),
      fingerprint: fingerprint(blob),
      blob,
    };
    const yes = (await shop.settings.askHostKey?.(question)) === true;
    return yes ? shop.hostKeys.learn(hostKeyRule, blob) : keyRefusal(hostKeyRule.name, blob, verdict);
  });
}

function isPassing({ level, message }: LoginError): boolean {
  if (level === 'client-authentication' || level === 'client-timeout') return false;
  return /before handshake|ECONNRESET|reset by peer|EPIPE|No response from server/i.test(message);
}

function explained(error: LoginError, { hop, offer }: { hop: Hop; offer: LoginMethods }): ConnectFailure {
  const { address, port, login } = hop;
  const where = `${address} port ${port}`;
  const { level, message } = error;
  if (level === 'client-authentication' || /too many authentication/i.test(message)) {
    const tried = offer.tried.join('; ');
    return {
      kind: 'authentication-failed',
      message: `${where} refused the login of ${login.user}, tried: ${tried}`,
      ...(offer.hint !== undefined && { hint: offer.hint }),
    };
  }
  if (level === 'client-timeout') {
    return { kind: 'timed-out', message: `${where} accepts connections, but the SSH login takes too long` };
  }
  if (/no matching/i.test(message)) {
    const hint = 'use ansible_connection: openssh, or allow curve25519-sha256 on the host';
    return {
      kind: 'unreachable',
      message: `${where} and gwfleet have no common algorithm: ${message}`,
      hint,
    };
  }
  return { kind: 'unreachable', message: `the connection to ${where} broke during the login: ${message}` };
}
