/** Why a host's key is refused, in words: what it showed, what is known and where, and the command to type. */
import { fingerprint, type KnownKey, keyType, type Verdict } from './known-hosts.ts';
import type { ConnectFailure } from './remote.ts';

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
        hint: 'give the host a new key; a revoked one may be in wrong hands',
      };
    }
    case 'changed':
      return changed(name, shown, verdict.by);
    case 'unknown':
      return unknown(name, shown, verdict.authority);
  }
}

export function unreadable(file: string, error: Error): ConnectFailure {
  return {
    kind: 'host-key-unknown',
    message: `no host key can be checked, because ${file} cannot be read: ${error.message}`,
  };
}

function changed(name: string, shown: string, by: readonly KnownKey[]): ConnectFailure {
  const known = by.map(({ type, blob, file, line }) => `${type} ${fingerprint(blob)} (${file}:${line})`);
  const commands = [...new Set(by.map(({ file }) => `ssh-keygen -R '${name}' -f '${file}'`))];
  return {
    kind: 'host-key-changed',
    message: `the host key of ${name} has changed: it showed ${shown}, known is ${known.join(', ')}`,
    hint: `if the host was really set up anew: ${commands.join('; ')}; else somebody sits between`,
  };
}

function unknown(name: string, shown: string, authority: KnownKey | undefined): ConnectFailure {
  const message = `the host key of ${name} is not known: it showed ${shown}`;
  if (authority === undefined) {
    const hint = '`gwfleet hostkeys scan INVENTORY` shows the fingerprints to compare, and writes them down';
    return { kind: 'host-key-unknown', message, hint };
  }
  const { file, line } = authority;
  return {
    kind: 'host-key-unknown',
    message: `${message}; a certificate authority is known (${file}:${line}), which this transport cannot check`,
    hint: 'add the plain key to known_hosts, or use ansible_connection: openssh',
  };
}
