/**
 * What the library does at every login and costs the host and us round trips or work that bring nothing: it waits to hear
 * that there is a login service before it logs in, it asks whether a key would be taken before it signs with it, and it
 * has the host prove all of its host keys once more, a signature each, for an event that nobody here listens to. What a
 * reader gets wrong: these are private parts of the pinned ssh2; where they look different one day, its own way stays.
 */
import type { AnyAuthMethod, Client, ParsedKey } from 'ssh2';

/** To be called after `connect`, before anything has been read. `methods`: what will be offered, the next one first. */
export function takeShortcuts(client: Client, methods: readonly AnyAuthMethod[]): void {
  const { _protocol: protocol } = client as Inside;
  if (protocol === undefined) return;
  signAtOnce(protocol);
  logInAtOnce(protocol, methods);
  leaveHostKeysUnproved(protocol);
}

type Sign = (data: Buffer, give: (signature: Buffer) => void) => void;

interface Protocol {
  authPK?: (user: string, key: ParsedKey, algorithm?: string, sign?: Sign) => void;
  service?: (name: string) => void;
  readonly _handlers?: {
    SERVICE_ACCEPT?: (protocol: Protocol, name: string) => void;
    GLOBAL_REQUEST?: (protocol: Protocol, name: string, ...rest: unknown[]) => void;
  };
  readonly _packetRW?: {
    readonly write: { allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _cipher?: { encrypt(packet: Buffer): void };
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

/** A server without logins ends the connection (RFC 4253, 10). RSA has to hear first which of its signatures it takes. */
function logInAtOnce(protocol: Protocol, methods: readonly AnyAuthMethod[]): void {
  const { _handlers: handlers } = protocol;
  const ask = protocol.service?.bind(protocol);
  const begin = handlers?.SERVICE_ACCEPT;
  if (handlers === undefined || ask === undefined || begin === undefined) return;
  let hasBegun = false;
  handlers.SERVICE_ACCEPT = (self, name) => {
    if (hasBegun) acknowledge(self);
    else begin(self, name);
    hasBegun = true;
  };
  protocol.service = (name) => {
    ask(name);
    const [first] = methods;
    if (first?.type !== 'publickey' || (first.key as ParsedKey).type === 'ssh-rsa') return;
    hasBegun = true;
    begin(protocol, name);
  };
}

/** OpenSSH's PROTOCOL, 2.5: the host lists its keys and wants no answer. */
function leaveHostKeysUnproved({ _handlers: handlers }: Protocol): void {
  const answer = handlers?.GLOBAL_REQUEST;
  if (handlers === undefined || answer === undefined) return;
  handlers.GLOBAL_REQUEST = (protocol, name, ...rest) => {
    if (name === 'hostkeys-00@openssh.com') acknowledge(protocol);
    else answer(protocol, name, ...rest);
  };
}

/**
 * SSH_MSG_IGNORE. sshd leaves Nagle's algorithm on: its next word waits until its last one is acknowledged, and our
 * kernel may put that off for 40 ms where we have nothing to say.
 */
function acknowledge({ _packetRW: packets, _cipher: cipher }: Protocol): void {
  if (packets === undefined || cipher === undefined) return;
  const { write } = packets;
  const packet = write.alloc(5);
  packet[write.allocStart] = 2;
  packet.writeUInt32BE(0, write.allocStart + 1);
  cipher.encrypt(write.finalize(packet));
}
