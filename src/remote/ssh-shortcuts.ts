/**
 * Two things that the library does at every login cost the host and us work that brings nothing: it asks whether a key
 * would be taken before it signs with it, a round trip, and it has the host prove all of its host keys once more, a
 * signature each, for an event that nobody here listens to. What a reader gets wrong: these are private parts of the
 * pinned ssh2; where they look different one day, its own way stays.
 */
import type { Client, ParsedKey } from 'ssh2';

/** To be called after `connect`, before anything has been read. */
export function takeShortcuts(client: Client): void {
  const { _protocol: protocol } = client as Inside;
  if (protocol === undefined) return;
  signAtOnce(protocol);
  leaveHostKeysUnproved(protocol);
}

type Sign = (data: Buffer, give: (signature: Buffer) => void) => void;

interface Protocol {
  authPK?: (user: string, key: ParsedKey, algorithm?: string, sign?: Sign) => void;
  readonly _handlers?: { GLOBAL_REQUEST?: (protocol: Protocol, name: string, ...rest: unknown[]) => void };
}

type Inside = Client & { readonly _protocol?: Protocol };

/** RFC 4252, 7: the question is optional. A key in an ssh-agent is asked about as ever: it may want a finger. */
function signAtOnce(protocol: Protocol): void {
  const ask = protocol.authPK?.bind(protocol);
  if (ask === undefined) return;
  protocol.authPK = (user, key, algorithm, sign) => {
    if (sign !== undefined || !key.isPrivateKey()) {
      ask(user, key, algorithm, sign);
      return;
    }
    ask(user, key, algorithm, (data, give) => give(key.sign(data, hashes[algorithm ?? ''])));
  };
}

/** RFC 8332. All other types have one hash, and know it. */
const hashes: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };

/** OpenSSH's PROTOCOL, 2.5: the host lists its keys and wants no answer. */
function leaveHostKeysUnproved({ _handlers: handlers }: Protocol): void {
  const answer = handlers?.GLOBAL_REQUEST;
  if (handlers === undefined || answer === undefined) return;
  handlers.GLOBAL_REQUEST = (protocol, name, ...rest) => {
    if (name !== 'hostkeys-00@openssh.com') answer(protocol, name, ...rest);
  };
}
