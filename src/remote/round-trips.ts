/**
 * What a login need not wait for. The library asks before each step: may I use this service, would you take this key.
 * RFC 4252 and 4253 let a client go ahead, which saves two round trips of eleven. And it makes each host sign its keys
 * again for whoever wants to learn new ones (`hostkeys-prove`), which nobody here does. What a reader gets wrong: this
 * reaches into ssh2, whose version is pinned; test/lab/round-trips counts that it still works.
 */
import type { AnyAuthMethod, Client, ParsedKey } from 'ssh2';

type Sign = (data: Buffer, give: (signature: Buffer) => void) => void;

/** The parts of ssh2's client that are used here. */
interface Protocol {
  readonly _handlers: {
    SERVICE_ACCEPT: (protocol: Protocol, name: string) => void;
    GLOBAL_REQUEST: (protocol: Protocol, name: string, wantsReply: boolean, data: unknown) => void;
  };
  service(name: string): void;
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  requestFailure(): void;
  readonly _packetRW: {
    readonly write: { allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/** To be called once, before the first byte comes. `methods`: what will be offered, the next one first. */
export function saveRoundTrips(client: Client, methods: readonly AnyAuthMethod[]): void {
  const protocol = (client as unknown as { readonly _protocol: Protocol })._protocol;
  signAtOnce(protocol);
  logInAtOnce(protocol, methods);
  proveNothing(protocol);
}

/** Only keys that we hold: an agent may ask its user, and RSA's signature has to be of a kind that the host names. */
function isQuick(key: ParsedKey): boolean {
  return key.type !== 'ssh-rsa' && key.isPrivateKey();
}

function signAtOnce(protocol: Protocol): void {
  const send = protocol.authPK.bind(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    if (sign !== undefined || !isQuick(key)) {
      send(user, key, algorithm, sign);
      return;
    }
    send(user, key, algorithm, (data, give) => {
      const signature = key.sign(data);
      if (signature instanceof Error) send(user, key, algorithm);
      else give(signature);
    });
  };
}

function logInAtOnce(protocol: Protocol, methods: readonly AnyAuthMethod[]): void {
  const ask = protocol.service.bind(protocol);
  const begin = protocol._handlers.SERVICE_ACCEPT;
  let hasBegun = false;
  protocol._handlers.SERVICE_ACCEPT = (self, name) => {
    if (hasBegun) acknowledge(self);
    else begin(self, name);
    hasBegun = true;
  };
  protocol.service = (name) => {
    ask(name);
    const [first] = methods;
    if (first?.type === 'publickey' && isQuick(first.key as ParsedKey))
      protocol._handlers.SERVICE_ACCEPT(protocol, name);
  };
}

function proveNothing(protocol: Protocol): void {
  const hear = protocol._handlers.GLOBAL_REQUEST;
  protocol._handlers.GLOBAL_REQUEST = (self, name, wantsReply, data) => {
    if (name !== 'hostkeys-00@openssh.com') hear(self, name, wantsReply, data);
    else if (wantsReply) self.requestFailure();
    else acknowledge(self);
  };
}

/**
 * SSH_MSG_IGNORE. sshd leaves Nagle's algorithm on: its next word waits until its last one is acknowledged, and our
 * kernel puts that off for 40 ms where we have nothing to say.
 */
function acknowledge({ _packetRW: { write }, _cipher }: Protocol): void {
  const packet = write.alloc(5);
  packet[write.allocStart] = 2;
  packet.writeUInt32BE(0, write.allocStart + 1);
  _cipher.encrypt(write.finalize(packet));
}
