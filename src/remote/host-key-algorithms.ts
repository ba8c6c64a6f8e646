/** In which order a host is asked for its keys. */
import type { KnownKey } from './known-hosts.ts';

/** `algorithms.serverHostKey` with the types we hold first: else a host known by one key shows another. */
export function hostKeyAlgorithms(keys: readonly KnownKey[]): string[] {
  const held = new Set(keys.filter(({ marker }) => marker === 'none').map(({ type }) => type));
  const isHeld = (algorithm: string) => held.has(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
  const all = hostKeyFamilies.flat();
  return [...all.filter(isHeld), ...all.filter((algorithm) => !isHeld(algorithm))];
}

/** One key of a host each, whatever it is signed with. */
export const hostKeyFamilies: readonly (readonly string[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
];
