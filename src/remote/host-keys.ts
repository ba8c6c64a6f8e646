/**
 * The known_hosts files of a run and what was learned since. A changed or revoked key is refused under every policy,
 * and a known_hosts file that cannot be read lets nobody in: it could hold the revocation.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { unreadable } from './host-key-refusal.ts';
import {
  hashedName,
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

/** `strict` knows or refuses; `accept-new` learns; `ask` learns after the one question before a run. */
export type HostKeyPolicy = 'strict' | 'accept-new' | 'ask';

/** How the key of one host is to be judged. */
export interface HostKeyRule {
  /** As in known_hosts: `gw1` or `[gw1]:2222`. */
  readonly name: string;
  /** The host's name on port 22: ssh takes the very same key there as known on any port. None for an alias. */
  readonly bareName?: string;
  readonly policy: HostKeyPolicy;
  readonly files: readonly string[];
  /** Where a learned key is written; undefined: it is kept for this run alone. */
  readonly learnFile: string | undefined;
  /** HashKnownHosts of ssh_config. */
  readonly namesAreHashed: () => Promise<boolean>;
}

/** What became of a new key. */
export interface LearnedKey {
  readonly name: string;
  readonly blob: Buffer;
  readonly file: string | undefined;
  /** Why it could not be written; it is trusted for this run all the same, as with ssh. */
  readonly problem?: string;
}

export class HostKeys {
  readonly #files = new Map<string, KnownHosts | Error>();
  readonly #learned = new Map<string, KnownKey[]>();
  /** Hashed lines cost an HMAC each for every name: no name is looked up twice. */
  readonly #found = new Map<string, readonly KnownKey[]>();

  /** The keys known for the rule's host, or why that cannot be said. */
  known(rule: HostKeyRule): { keys: readonly KnownKey[] } | { failure: ConnectFailure } {
    return this.#keysOf(rule.name, rule);
  }

  /** Says what the files hold against or for the shown key. */
  judge(rule: HostKeyRule, blob: Buffer): Verdict | { kind: 'unreadable'; failure: ConnectFailure } {
    const known = this.known(rule);
    if ('failure' in known) return { kind: 'unreadable', failure: known.failure };
    const verdict = judge(known.keys, blob);
    if (verdict.kind !== 'unknown' || rule.bareName === undefined) return verdict;
    const bare = this.#keysOf(rule.bareName, rule);
    const onPort22 = 'keys' in bare ? judge(bare.keys, blob) : verdict;
    return onPort22.kind === 'known' || onPort22.kind === 'revoked' ? onPort22 : verdict;
  }

  /** Makes a key known, for this run and in the rule's file. */
  async learn(rule: HostKeyRule, blob: Buffer): Promise<LearnedKey> {
    const { name, learnFile: file } = rule;
    const hashed = file !== undefined && (await rule.namesAreHashed());
    let line = 0;
    let problem: string | undefined;
    try {
      if (file !== undefined) line = append(file, { name, blob, hashed });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    const key: KnownKey = { file: file ?? 'this run', line, marker: 'none', type: keyType(blob), blob };
    this.#learned.set(name, [...(this.#learned.get(name) ?? []), key]);
    this.#found.clear();
    return { name, blob, file, ...(problem !== undefined && { problem }) };
  }

  #keysOf(name: string, { files }: HostKeyRule): { keys: readonly KnownKey[] } | { failure: ConnectFailure } {
    const where = [name, ...files].join('\n');
    const found = this.#found.get(where);
    if (found !== undefined) return { keys: found };
    const keys: KnownKey[] = [...(this.#learned.get(name) ?? [])];
    for (const file of new Set(files)) {
      const known = this.#read(file);
      if (known instanceof Error) return { failure: unreadable(file, known) };
      keys.push(...keysFor(name, known));
    }
    this.#found.set(where, keys);
    return { keys };
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

/** Gives the number of the line. Another run may have written the same key since we read the file. */
function append(
  file: string,
  { name, blob, hashed }: { name: string; blob: Buffer; hashed: boolean },
): number {
  // Of the folders only the last is made, as ssh makes ~/.ssh.
  if (!existsSync(dirname(file))) mkdirSync(dirname(file), { mode: 0o700 });
  const text = textOf(file);
  const present = keysFor(name, readKnownHosts(file, text)).find((key) => key.blob.equals(blob));
  if (present !== undefined) return present.line;
  const names = hashed ? hashedName(name, randomBytes(20)) : name;
  const border = text === '' || text.endsWith('\n') ? '' : '\n';
  // One write in append mode is atomic: two runs at once cannot mix their lines.
  appendFileSync(file, `${border}${knownLine(names, blob)}`, { mode: 0o600 });
  return `${text}${border}`.split('\n').length;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
