/**
 * Private key files, each read and decrypted once for all hosts: decrypting costs 200 ms. A key that cannot be used is
 * said before anything goes over the network. FIDO keys and certificates are beyond ssh2: the system's ssh has them.
 */
import { existsSync, readFileSync } from 'node:fs';
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
    if (!(parsed instanceof Error)) return { kind: 'key', file, key: parsed };
    if (!/no passphrase given/i.test(parsed.message)) return unusable(file, parsed);
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

/** The public part that lies beside a private key: enough to find it in the ssh-agent. */
export function publicKeyBeside(file: string): ParsedKey | undefined {
  const text = textOf(`${file}.pub`);
  if (typeof text !== 'string') return undefined;
  const parsed = ssh2.utils.parseKey(text);
  return parsed instanceof Error ? undefined : firstOf(parsed);
}

/** Whether a certificate lies beside the key, which only the system's ssh can show. */
export function hasCertificate(file: string): boolean {
  return existsSync(`${file}-cert.pub`);
}

function parse(text: string, passphrase?: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) return parsed;
  const key = firstOf(parsed);
  return key.isPrivateKey() ? key : new Error('it is a public key');
}

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
      return { kind: 'missing', failure: keyFailure(`the private key ${file} does not exist`) };
    }
    const why = code === 'EISDIR' ? 'it is a folder' : error instanceof Error ? error.message : String(error);
    return { kind: 'unusable', failure: keyFailure(`the private key ${file} cannot be read: ${why}`) };
  }
}

function unusable(file: string, error: Error): KeyLoading {
  const type = /key type: (sk-\S+)/.exec(error.message)?.[1];
  if (type !== undefined) {
    const message = `the private key ${file} is on a FIDO token (${type}), which this transport cannot use`;
    return { kind: 'unusable', failure: keyFailure(message, 'use ansible_connection: openssh') };
  }
  return {
    kind: 'unusable',
    failure: keyFailure(`${file} is no private key that can be used: ${error.message}`),
  };
}

function encrypted(file: string, what: string): KeyLoading {
  const hint = 'put it into the ssh-agent with ssh-add';
  return { kind: 'encrypted', failure: keyFailure(`the private key ${file} ${what}`, hint) };
}

function keyFailure(message: string, hint?: string): ConnectFailure {
  return { kind: 'key-unusable', message, ...(hint !== undefined && { hint }) };
}
