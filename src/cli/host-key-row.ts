/** A host key that was seen, as people and programs read it. */
import type { HostKeySight } from '../remote/host-key-scout.ts';
import { fingerprint, keyType, type Verdict } from '../remote/known-hosts.ts';
import type { HostKeyRow } from '../render/host-keys.ts';

export function hostKeyRow({ name, hosts, isJumpHost, blob, verdict }: HostKeySight): HostKeyRow {
  const remark = remarkOf(verdict);
  return {
    name,
    hosts,
    way: isJumpHost ? 'jump' : 'host',
    type: keyType(blob),
    fingerprint: fingerprint(blob),
    state: verdict.kind,
    ...(remark !== undefined && { remark }),
  };
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
