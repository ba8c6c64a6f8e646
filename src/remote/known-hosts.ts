/**
 * The known_hosts format of sshd(8), and what its lines say about a key. Same decisions as `ssh-keygen -F`. What a
 * reader gets wrong: a line with a hashed name can only be tested, not read, so every hashed line costs an HMAC per
 * host; plain names are indexed.
 */
import { createHash, createHmac } from 'node:crypto';

/** One usable line. `blob` is the key in SSH wire format. */
export interface KnownKey {
  readonly file: string;
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  readonly type: string;
  readonly blob: Buffer;
}

/** The lines of one file, ready for look-ups. */
export interface KnownHosts {
  readonly lines: readonly Entry[];
  readonly plain: ReadonlyMap<string, readonly Entry[]>;
  /** Entries that must be tried one by one: hashed names, wildcards, negations. */
  readonly others: readonly Entry[];
}

interface Entry {
  readonly key: KnownKey;
  readonly names: string;
}

/** What the known lines say about a key that a host showed. */
export type Verdict =
  | { readonly kind: 'known'; readonly by: KnownKey }
  | { readonly kind: 'revoked'; readonly by: KnownKey }
  /** Another key is known: `by` are the lines that contradict. */
  | { readonly kind: 'changed'; readonly by: readonly KnownKey[] }
  | { readonly kind: 'unknown'; readonly authority?: KnownKey };

/** Reads a file's text. Lines that are no valid entries are left out, as ssh does. */
export function readKnownHosts(file: string, text: string): KnownHosts {
  const lines: Entry[] = [];
  const plain = new Map<string, Entry[]>();
  const others: Entry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const entry = entryOf(line, { file, line: index + 1 });
    if (entry === undefined) continue;
    lines.push(entry);
    if (/^\||[*?!]/.test(entry.names)) others.push(entry);
    else for (const name of new Set(entry.names.toLowerCase().split(','))) push(plain, name, entry);
  }
  return { lines, plain, others };
}

/** The name under which ssh keeps a host: `[host]:port` when the port is not 22. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The keys that a file holds for a name, in file order. */
export function keysFor(name: string, known: KnownHosts): readonly KnownKey[] {
  const found = [
    ...(known.plain.get(name) ?? []),
    ...known.others.filter(({ names }) => covers(names, name)),
  ];
  return found.map(({ key }) => key).sort((a, b) => a.line - b.line);
}

/** Judges a shown key by the keys that are known for its host. */
export function judge(keys: readonly KnownKey[], blob: Buffer): Verdict {
  const same = keys.filter((key) => key.blob.equals(blob));
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked !== undefined) return { kind: 'revoked', by: revoked };
  const match = same.find(({ marker }) => marker === 'none');
  if (match !== undefined) return { kind: 'known', by: match };
  // A host known by another type of key is not new: somebody between us could offer just the type we lack.
  const contradicting = keys.filter(({ marker }) => marker === 'none');
  if (contradicting.length > 0) return { kind: 'changed', by: contradicting };
  const authority = keys.find(({ marker }) => marker === 'cert-authority');
  return authority === undefined ? { kind: 'unknown' } : { kind: 'unknown', authority };
}

/** The type of a key: the first string in its wire format (RFC 4253, 6.6). */
export function keyType(blob: Buffer): string {
  if (blob.length < 4) return '';
  return blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

/** As ssh prints it: `SHA256:...` without padding. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The line that makes a key known; `names` is a name, or the hash of one. */
export function knownLine(names: string, blob: Buffer): string {
  return `${names} ${keyType(blob)} ${blob.toString('base64')}\n`;
}

function entryOf(line: string, place: { file: string; line: number }): Entry | undefined {
  const words = line.trim().split(/[ \t]+/);
  if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return undefined;
  const marker = markerOf(words[0]);
  if (marker === undefined) return undefined;
  const [names, type, base64] = marker === 'none' ? words : words.slice(1);
  if (names === undefined || type === undefined || base64 === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  if (keyType(blob) !== type) return undefined;
  return { key: { ...place, marker, type, blob }, names };
}

function markerOf(word: string): KnownKey['marker'] | undefined {
  if (!word.startsWith('@')) return 'none';
  if (word === '@revoked') return 'revoked';
  if (word === '@cert-authority') return 'cert-authority';
  return undefined;
}

function covers(names: string, name: string): boolean {
  if (names.startsWith('|')) return isHashOf(names, name);
  let covered = false;
  for (const pattern of names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matches(pattern.slice(1), name)) return false;
    } else if (matches(pattern, name)) covered = true;
  }
  return covered;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name with the salt as key. */
export function hashedName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function isHashOf(field: string, name: string): boolean {
  const [, version, salt, hash] = field.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return hashedName(name, Buffer.from(salt, 'base64')).endsWith(`|${hash}`);
}

/** ssh's own globs: `*` and `?`, and nothing else is special (the brackets of `[host]:port` are not). */
function matches(pattern: string, name: string): boolean {
  let states = new Set([0]);
  const closed = (from: Set<number>) => {
    for (const at of from) if (pattern[at] === '*') from.add(at + 1);
    return from;
  };
  states = closed(states);
  for (const letter of name) {
    const next = new Set<number>();
    for (const at of states) {
      if (pattern[at] === '*') next.add(at);
      else if (pattern[at] === '?' || pattern[at] === letter) next.add(at + 1);
    }
    states = closed(next);
  }
  return states.has(pattern.length);
}

function push(index: Map<string, Entry[]>, name: string, entry: Entry): void {
  const list = index.get(name);
  if (list === undefined) index.set(name, [entry]);
  else list.push(entry);
}
