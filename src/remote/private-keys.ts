/**
 * Private key files, each read and decrypted once for all hosts: decrypting costs 200 ms. A key that cannot be used is
 * said before anything goes over the network. FIDO keys and certificates are beyond ssh2: the system's ssh has them.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import ssh2, { type ParsedKey } from 'ssh2';
import type { ConnectFailure } from './remote.ts';

/** Asks for the passphrase of a key file; undefined gives up. `attempt` counts from 1. */
export type AskPassphrase = (file: string, attempt: number) => Promise<string | undefined>;

export type KeyLoading =
  | { readonly kind: 'key'; readonly file: string; readonly key: ParsedKey }
  | { readonly kind: 'missing' | 'encrypted' | 'unusable'; readonly failure: ConnectFailure };

const attempts = 3;

export class PrivateKeys {
  readonly #ask: AskPassphrase | undefined;
  readonly #loaded = new Map<string, Promise<KeyLoading>>();
  #question: Promise<unknown> = Promise.resolve();

  constructor(ask: AskPassphrase | undefined) {
    this.#ask = ask;
  }

  /** Whether the file needs a passphrase that nobody has given yet. */
  isLocked(file: string): boolean {
    if (this.#loaded.has(file)) return false;
    const text = textOf(file);
    return typeof text === 'string' && isEncrypted(parse(text));
  }

  /** The key of a file; the same promise for everybody who asks. */
  load(file: string): Promise<KeyLoading> {
    let loading = this.#loaded.get(file);
    if (loading === undefined) {
      loading = this.#load(file);
      this.#loaded.set(file, loading);
    }
    return loading;
  }

  async #load(file: string): Promise<KeyLoading> {
    const text = textOf(file);
    if (typeof text !== 'string') return text;
    const parsed = parse(text);
    if (parsed instanceof Error && !isEncrypted(parsed)) return unusable(file, parsed);
    const open = openToOthers(file);
    if (open !== undefined) return open;
    if (!(parsed instanceof Error)) return { kind: 'key', file, key: parsed };
    if (this.#ask === undefined)
      return encrypted(file, 'is encrypted and nobody can be asked for its passphrase');
    // One question at a time: two prompts on one terminal mix.
    const turn = this.#question.catch(() => undefined).then(() => this.#decrypt(file, text));
    this.#question = turn;
    return await turn;
  }

  async #decrypt(file: string, text: string): Promise<KeyLoading> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const passphrase = await this.#ask?.(file, attempt);
      if (passphrase === undefined) return encrypted(file, 'is encrypted and no passphrase was given');
      const parsed = parse(text, passphrase);
      if (!(parsed instanceof Error)) return { kind: 'key', file, key: parsed };
    }
    return encrypted(file, 'cannot be decrypted: wrong passphrase');
  }
}

/**
 * The public part of a key file in wire format, without a passphrase: from the file beside it, from a file that is
 * itself a public key, or from the clear part of OpenSSH's own format. Enough to find it in the ssh-agent.
 */
export function publicKeyOf(file: string): Buffer | undefined {
  for (const name of [`${file}.pub`, file]) {
    const text = textOf(name);
    const parsed = typeof text === 'string' ? ssh2.utils.parseKey(text) : text;
    if ('kind' in parsed) continue;
    if (!(parsed instanceof Error)) return firstOf(parsed).getPublicSSH();
    const clear = typeof text === 'string' ? clearPart(text) : undefined;
    if (clear !== undefined) return clear;
  }
  return undefined;
}

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, kdf options, number of keys, then the public key. */
function clearPart(text: string): Buffer | undefined {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  const blob = Buffer.from(base64 ?? '', 'base64');
  if (blob.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const field = (): Buffer => {
    const length = blob.length >= at + 4 ? blob.readUInt32BE(at) : 0;
    at += 4 + length;
    return blob.subarray(at - length, at);
  };
  for (let skipped = 0; skipped < 3; skipped += 1) field();
  at += 4;
  const key = field();
  return key.length > 0 ? key : undefined;
}

const magic = 'openssh-key-v1\0';

/** Whether a certificate lies beside the key, which only the system's ssh can show. */
export function hasCertificate(file: string): boolean {
  return existsSync(`${file}-cert.pub`);
}

function isEncrypted(parsed: ParsedKey | Error): boolean {
  return parsed instanceof Error && /no passphrase given/i.test(parsed.message);
}

function parse(text: string, passphrase?: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) return parsed;
  const key = firstOf(parsed);
  return key.isPrivateKey() ? readOnce(key) : publicKeyFound;
}

/** The library reads its PEM again for every signature, which takes ten times as long as to sign. */
function readOnce(key: ParsedKey): ParsedKey {
  const own = key.sign.bind(key);
  let read: KeyObject | undefined;
  key.sign = (data, algorithm) => {
    const hash = algorithm ?? hashes[key.type];
    if (hash === undefined) return own(data);
    try {
      read ??= createPrivateKey(key.getPrivatePEM());
      return sign(hash, Buffer.from(data), read);
    } catch {
      // It fails in its own way, which its callers know.
      return own(data, algorithm);
    }
  };
  return key;
}

/** What each type is signed with when nothing else is said; of RSA the library always says it. */
const hashes: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

const publicKeyFound = new Error('it is a public key');

/** The declared type is one key; the OpenSSH format gives a list. */
function firstOf(parsed: ParsedKey): ParsedKey {
  const list: unknown = parsed;
  return Array.isArray(list) ? (list[0] as ParsedKey) : parsed;
}

function textOf(file: string): string | KeyLoading {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT') {
      const hint = 'check ansible_ssh_private_key_file, --private-key, or IdentityFile in ssh_config';
      return { kind: 'missing', failure: keyFailure(`the private key ${file} does not exist`, hint) };
    }
    const why = reasons[String(code)] ?? (error instanceof Error ? error.message : String(error));
    return { kind: 'unusable', failure: keyFailure(`the private key ${file} cannot be read: ${why}`) };
  }
}

/** As ssh: a private key that others may read is none. */
function openToOthers(file: string): KeyLoading | undefined {
  const { mode, uid } = statSync(file);
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return undefined;
  const said = (mode & 0o777).toString(8).padStart(4, '0');
  const message = `the private key ${file} can be read by others (mode ${said}), and is not used, as with ssh`;
  return { kind: 'unusable', failure: keyFailure(message, `chmod 600 ${file}`) };
}

const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  EACCES: `it belongs to somebody else and is closed to ${userInfo().username}`,
};

function unusable(file: string, error: Error): KeyLoading {
  const type = /key type: (sk-\S+)/.exec(error.message)?.[1];
  if (type !== undefined) {
    const message = `the private key ${file} is on a FIDO token (${type}), which this transport cannot use`;
    return { kind: 'unusable', failure: keyFailure(message, 'use ansible_connection: openssh') };
  }
  const hint = error === publicKeyFound ? `name the private key, or put it into the ssh-agent` : undefined;
  const message = `${file} is no private key that can be used: ${error.message}`;
  return { kind: 'unusable', failure: keyFailure(message, hint) };
}

function encrypted(file: string, what: string): KeyLoading {
  const hint = 'put it into the ssh-agent with ssh-add';
  return { kind: 'encrypted', failure: keyFailure(`the private key ${file} ${what}`, hint) };
}

function keyFailure(message: string, hint?: string): ConnectFailure {
  return { kind: 'key-unusable', message, ...(hint !== undefined && { hint }) };
}
