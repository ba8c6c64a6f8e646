/**
 * Decides about the key that a host shows: known, learned, asked for, or refused. A changed or revoked key is refused
 * under every policy, and a known_hosts file that cannot be read lets nobody in: it could hold the revocation.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  fingerprint,
  judge,
  type KnownHosts,
  type KnownKey,
  keysFor,
  keyType,
  knownLine,
  readKnownHosts,
  type Verdict,
} from './known-hosts.ts';
import type { ConnectFailure } from './remote.ts';

/** `strict` knows or refuses; `accept-new` learns silently; `ask` learns after a yes. */
export type HostKeyPolicy = 'strict' | 'accept-new' | 'ask';

/** How the key of one host is to be judged. */
export interface HostKeyRule {
  /** As in known_hosts: `gw1` or `[gw1]:2222`. */
  readonly name: string;
  readonly policy: HostKeyPolicy;
  readonly files: readonly string[];
  /** Where a learned key is written. */
  readonly learnFile: string;
}

/** A key that nobody knows yet. */
export interface UnknownHostKey {
  readonly name: string;
  readonly keyType: string;
  readonly fingerprint: string;
  readonly blob: Buffer;
}

/** The known_hosts files of a run, each read once, and what was learned since. */
export class HostKeys {
  readonly #files = new Map<string, KnownHosts | Error>();

  /** The keys known for the rule's host, or why that cannot be said. */
  known(rule: HostKeyRule): { keys: readonly KnownKey[] } | { failure: ConnectFailure } {
    const keys: KnownKey[] = [];
    for (const file of new Set([...rule.files, rule.learnFile])) {
      const known = this.#read(file);
      if (known instanceof Error) return { failure: unreadable(file, known) };
      keys.push(...keysFor(rule.name, known));
    }
    return { keys };
  }

  /** Says whether the shown key may be trusted now; an unknown one only by the rule's policy. */
  judge(rule: HostKeyRule, blob: Buffer): Verdict | { kind: 'unreadable'; failure: ConnectFailure } {
    const known = this.known(rule);
    return 'failure' in known ? { kind: 'unreadable', failure: known.failure } : judge(known.keys, blob);
  }

  /** Makes a key known, for this run and in the rule's file. Says why if the file cannot be written. */
  learn(rule: HostKeyRule, blob: Buffer): ConnectFailure | undefined {
    const { name, learnFile } = rule;
    try {
      mkdirSync(dirname(learnFile), { recursive: true, mode: 0o700 });
      const text = textOf(learnFile);
      // One write in append mode is atomic: two runs at once cannot mix their lines.
      const line = `${text === '' || text.endsWith('\n') ? '' : '\n'}${knownLine(name, blob)}`;
      appendFileSync(learnFile, line, { mode: 0o600 });
      this.#files.set(learnFile, readKnownHosts(learnFile, text + line));
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: 'host-key-unknown', message: `the new host key of ${name} cannot be kept: ${why}` };
    }
  }

  #read(file: string): KnownHosts | Error {
    let known = this.#files.get(file);
    if (known === undefined) {
      try {
        known = readKnownHosts(file, textOf(file));
      } catch (error) {
        known = error instanceof Error ? error : new Error(String(error));
      }
      this.#files.set(file, known);
    }
    return known;
  }
}

/** What the user is told about a refused key; undefined for a known one. */
export function keyRefusal(name: string, blob: Buffer, verdict: Verdict): ConnectFailure | undefined {
  const shown = `${keyType(blob)} ${fingerprint(blob)}`;
  switch (verdict.kind) {
    case 'known':
      return undefined;
    case 'revoked': {
      const { file, line } = verdict.by;
      return {
        kind: 'host-key-revoked',
        message: `${name} showed the key ${shown}, which is revoked in ${file}:${line}`,
      };
    }
    case 'changed':
      return changed(name, shown, verdict.by);
    case 'unknown':
      return unknown(name, shown, verdict.authority);
  }
}

/** `algorithms.serverHostKey` with the types we hold first: else a host known by one key shows another. */
export function hostKeyAlgorithms(keys: readonly KnownKey[]): string[] {
  const held = new Set(keys.filter(({ marker }) => marker === 'none').map(({ type }) => type));
  const isHeld = (algorithm: string) => held.has(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
  return [...algorithms.filter(isHeld), ...algorithms.filter((algorithm) => !isHeld(algorithm))];
}

const algorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

function changed(name: string, shown: string, by: readonly KnownKey[]): ConnectFailure {
  const known = by.map(({ type, blob, file, line }) => `${type} ${fingerprint(blob)} (${file}:${line})`);
  const file = by[0]?.file ?? '';
  return {
    kind: 'host-key-changed',
    message: `the host key of ${name} has changed: it showed ${shown}, known is ${known.join(', ')}`,
    hint: `if the host was really set up anew: ssh-keygen -R '${name}' -f '${file}'; else somebody sits between`,
  };
}

function unknown(name: string, shown: string, authority: KnownKey | undefined): ConnectFailure {
  const message = `the host key of ${name} is not known: it showed ${shown}`;
  if (authority === undefined) {
    return { kind: 'host-key-unknown', message, hint: 'compare the fingerprint, then add it to known_hosts' };
  }
  const { file, line } = authority;
  return {
    kind: 'host-key-unknown',
    message: `${message}; a certificate authority is known (${file}:${line}), which this transport cannot check`,
    hint: 'add the plain key to known_hosts, or use ansible_connection: openssh',
  };
}

function unreadable(file: string, error: Error): ConnectFailure {
  return {
    kind: 'host-key-unknown',
    message: `no host key can be checked, because ${file} cannot be read: ${error.message}`,
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
