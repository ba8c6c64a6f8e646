/** A host key that was seen, as people and programs read it. */
import { keyRefusal } from '../remote/host-key-refusal.ts';
import type { HostKeySight } from '../remote/host-key-scout.ts';
import { fingerprint, keyType, type Verdict } from '../remote/known-hosts.ts';
import type { HostKeyRow } from '../render/host-keys.ts';

export function hostKeyRow(sight: HostKeySight): HostKeyRow {
  const { name, hosts, isJumpHost, blob, verdict } = sight;
  const remark = remarkOf(verdict);
  const hint = verdict.kind === 'unknown' ? undefined : keyRefusal(name, blob, verdict)?.hint;
  return {
    name,
    hosts,
    way: isJumpHost ? 'jump' : 'host',
    type: keyType(blob),
    fingerprint: fingerprint(blob),
    state: verdict.kind,
    ...(remark !== undefined && { remark }),
    ...(hint !== undefined && { hint }),
  };
}

/** The same for all keys of hosts: of a host that is known by one of them, the others contradict nothing. */
export function hostKeyRows(sights: readonly HostKeySight[]): readonly HostKeyRow[] {
  const known = new Set(sights.filter(({ verdict }) => verdict.kind === 'known').map(({ name }) => name));
  return sights.map((sight) => {
    const row = hostKeyRow(sight);
    const { verdict } = sight;
    const contradicts = verdict.kind === 'changed' && verdict.by.some(({ type }) => type === row.type);
    if (verdict.kind !== 'changed' || contradicts || !known.has(row.name)) return row;
    const { hint: _, ...rest } = row;
    return { ...rest, state: 'further', remark: 'the host is known by another of its keys' };
  });
}

function remarkOf(verdict: Verdict): string | undefined {
  switch (verdict.kind) {
    case 'known':
    case 'revoked':
      return `${verdict.by.file}:${verdict.by.line}`;
    case 'changed':
      return `known is ${verdict.by.map(({ type, blob, file, line }) => `${type} ${fingerprint(blob)} (${file}:${line})`).join(', ')}`;
    case 'unknown': {
      const { authority } = verdict;
      if (authority === undefined) return undefined;
      return `an authority is known (${authority.file}:${authority.line}) that only ansible_connection: openssh can check`;
    }
  }
}
