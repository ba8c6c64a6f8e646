/**
 * From a hop to an authenticated session, or to the sentence why not. Only this phase is ever retried: a script that
 * may have started is not.
 */
import type { Duplex } from 'node:stream';
import { hostKeyAlgorithms } from './host-key-algorithms.ts';
import { keyRefusal } from './host-key-refusal.ts';
import type { HostKeyRule, HostKeys } from './host-keys.ts';
import type { Verdict } from './known-hosts.ts';
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
  /** `tentative` enters a jump host whose key is yet to be asked about, to see what lies behind; by key alone. */
  readonly unknownKeys: 'by-policy' | 'tentative';
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
  return await again(signal, () => tryOnce({ hop, way, signal, offer }, shop));
}

/** The key that a host shows, without logging in; of the wanted algorithms, or as a login would see it. */
export async function showHostKey(
  hop: Hop,
  { way, signal, algorithms }: { way: Way; signal?: AbortSignal | undefined; algorithms?: readonly string[] },
  shop: LoginShop,
): Promise<{ readonly blob: Buffer } | ConnectFailure> {
  const known = shop.hostKeys.known(hop.hostKeyRule);
  if ('failure' in known) return known.failure;
  const offer = { methods: [], tried: [] };
  const wanted = algorithms ?? hostKeyAlgorithms(known.keys);
  return await again(signal, async () => {
    const sock = await way.open();
    if ('kind' in sock) return unopened(sock);
    let shown: Buffer | undefined;
    const verifyHostKey = (blob: Buffer) => {
      shown = blob;
      return Promise.resolve(false);
    };
    const own = { sock, verifyHostKey, wayBroken: way.broken, hostKeyAlgorithms: wanted };
    const options = { ...sessionOptions(hop, offer, shop), ...own };
    const error = await interruptible(sock, signal, SshSession.login(options));
    if (shown !== undefined) return { done: { blob: shown } };
    if (error instanceof SshSession) throw new Error('a login without host key and method succeeded');
    return { failure: explained(error, { hop, offer, shop }), again: isPassing(error) };
  });
}

type Result<T> = { readonly done: T } | { readonly failure: ConnectFailure; readonly again: boolean };

async function again<T>(
  signal: AbortSignal | undefined,
  attempt: () => Promise<Result<T>>,
): Promise<T | ConnectFailure> {
  for (let count = 1; ; count += 1) {
    const result = await attempt();
    if ('done' in result) return result.done;
    if (!result.again || count >= attempts || signal?.aborted === true) return result.failure;
    await pause(count * (0.2 + Math.random() * 0.4));
  }
}

/** A reset may come so early that the socket is not even open yet. */
function unopened(failure: ConnectFailure): { failure: ConnectFailure; again: boolean } {
  return { failure, again: failure.message.includes('reset') };
}

interface Attempt {
  readonly hop: Hop;
  readonly way: Way;
  readonly signal: AbortSignal | undefined;
  readonly offer: LoginMethods;
}

async function tryOnce({ hop, way, signal, offer }: Attempt, shop: LoginShop): Promise<Result<SshSession>> {
  const { hostKeyRule } = hop;
  const known = shop.hostKeys.known(hostKeyRule);
  if ('failure' in known) return { failure: known.failure, again: false };
  const sock = await way.open();
  if ('kind' in sock) return unopened(sock);
  let refusal: ConnectFailure | undefined;
  const verifyHostKey = async (blob: Buffer) => {
    refusal = await refusalOf(hostKeyRule, blob, shop);
    return refusal === undefined;
  };
  const algorithms = hostKeyAlgorithms(known.keys);
  const own = { sock, verifyHostKey, hostKeyAlgorithms: algorithms, wayBroken: way.broken };
  const options = { ...sessionOptions(hop, offer, shop), ...own };
  const session = await interruptible(sock, signal, SshSession.login(options));
  if (session instanceof SshSession) return { done: session };
  if (refusal !== undefined) return { failure: refusal, again: false };
  return { failure: explained(session, { hop, offer, shop }), again: isPassing(session) };
}

/** Learns an unknown key where the policy says so. Unknown keys under `ask` were asked about before the run. */
async function refusalOf(
  rule: HostKeyRule,
  blob: Buffer,
  { hostKeys, unknownKeys, settings }: LoginShop,
): Promise<ConnectFailure | undefined> {
  const verdict = hostKeys.judge(rule, blob);
  if (verdict.kind === 'unreadable') return verdict.failure;
  if (rule.policy === 'accept-new' && isPlainlyNew(verdict)) {
    settings.onLearned(await hostKeys.learn(rule, blob));
    return undefined;
  }
  if (rule.policy === 'ask' && verdict.kind === 'unknown' && unknownKeys === 'tentative') return undefined;
  return keyRefusal(rule.name, blob, verdict);
}

/** Where a certificate authority vouches for the host, its bare key is not taken on trust: we cannot ask for more. */
function isPlainlyNew(verdict: Verdict): boolean {
  return verdict.kind === 'unknown' && verdict.authority === undefined;
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

function isPassing({ level, message }: LoginError): boolean {
  if (level === 'client-authentication' || level === 'client-timeout') return false;
  return /before handshake|ECONNRESET|reset by peer|EPIPE|No response from server/i.test(message);
}

function explained(
  error: LoginError,
  { hop, offer, shop }: { hop: Hop; offer: LoginMethods; shop: LoginShop },
): ConnectFailure {
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
    const limit = `${shop.settings.connectTimeoutSeconds} s`;
    const message = `${where} accepts connections, but the SSH login was not done within ${limit}`;
    return {
      kind: 'timed-out',
      message,
      hint: 'often sshd waits for a name server there (UseDNS), or for PAM',
    };
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
