/** What the system's ssh said under LC_ALL=C when it did not get in, as a failure of ours. */
import type { ConnectFailure, ConnectFailureKind } from './remote.ts';

const wordings: readonly (readonly [RegExp, ConnectFailureKind])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'host-key-changed'],
  [/marked as revoked|REVOKED HOST KEY/i, 'host-key-revoked'],
  [/Host key verification failed|No .* host key is known/, 'host-key-unknown'],
  [/Load key .*|no such identity|UNPROTECTED PRIVATE KEY/i, 'key-unusable'],
  [/Permission denied|Too many authentication failures/, 'authentication-failed'],
  [/Connection timed out|Operation timed out|banner exchange/, 'timed-out'],
];

export function opensshFailure(address: string, said: string): ConnectFailure {
  const kind = wordings.find(([wording]) => wording.test(said))?.[1] ?? 'unreachable';
  const fixed = /ssh-keygen -f .* -R .*/.exec(said)?.[0].trim();
  return {
    kind,
    message: `ssh did not get into ${address}: ${lineOf(said, kind)}`,
    ...(fixed !== undefined && { hint: `if the host was really set up anew: ${fixed}` }),
  };
}

function lineOf(said: string, kind: ConnectFailureKind): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = wordings.find(([, of]) => of === kind)?.[0];
  return lines.findLast((line) => telling?.test(line)) ?? lines.at(-1) ?? 'it gave no reason';
}
