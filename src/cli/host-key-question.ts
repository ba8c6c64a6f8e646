/**
 * One question for all host keys of a run that nobody knows yet. As with ssh, a fingerprint may be typed instead of
 * `yes` when there is one key. A no leaves these hosts out: they are unreachable, and the others go on.
 */
import type { OpenConnector } from '../remote/connector.ts';
import type { HostKeySight } from '../remote/host-key-scout.ts';
import { fingerprint } from '../remote/known-hosts.ts';
import type { Target } from '../remote/remote.ts';
import { hostKeyLines } from '../render/host-keys.ts';
import type { Flags } from './flags.ts';
import { hostKeyRow } from './host-key-row.ts';
import type { Output } from './output.ts';
import { ask, hasTerminal } from './question.ts';
import { UsageError } from './usage.ts';

interface Order {
  readonly connector: OpenConnector;
  readonly targets: ReadonlyMap<string, Target>;
  readonly flags: Pick<Flags, 'yes'>;
  readonly output: Output;
  readonly stop: AbortSignal;
}

/** The system's ssh cannot pass an unknown jump host to look behind it: its hosts come in a second round. */
const rounds = 2;

export async function settleHostKeys({ connector, targets, flags, output, stop }: Order): Promise<void> {
  for (let round = 1; round <= rounds && !stop.aborted; round += 1) {
    const { sights } = await connector.scoutHostKeys(targets.values(), 'unknown', stop);
    const unknown = sights.filter(({ verdict }) => verdict.kind === 'unknown');
    if (unknown.length === 0 || flags.yes === true) return;
    output.tell(`${unknownText(unknown)}\n`);
    if (!hasTerminal()) throw nobodyToAsk(unknown);
    if (!(await isTrusted(unknown, stop))) return;
    await connector.trustHostKeys(unknown);
    if ([...targets.values()].every(({ transport }) => transport !== 'openssh')) return;
  }
}

/** What is asked about, one line a key. */
export function unknownText(sights: readonly HostKeySight[]): string {
  const count = sights.length === 1 ? 'This host key is' : `These ${sights.length} host keys are`;
  return [
    `${count} in no known_hosts file:`,
    ...hostKeyLines(sights.map(hostKeyRow)).map((line) => `  ${line}`),
    'Compare with what the host itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  ].join('\n');
}

export async function isTrusted(sights: readonly HostKeySight[], stop: AbortSignal): Promise<boolean> {
  const files = [...new Set(sights.map(({ rule }) => rule.learnFile ?? 'nowhere'))].join(', ');
  const what = sights.length === 1 ? 'Trust it and write it' : `Trust all ${sights.length} and write them`;
  const only = sights.length === 1 ? sights[0] : undefined;
  const how = only === undefined ? "Type 'yes'" : "Type 'yes' or the fingerprint";
  const answer = await ask(`${what} to ${files}? ${how}: `, scanInstead, stop);
  return answer.toLowerCase() === 'yes' || (only !== undefined && answer === fingerprint(only.blob));
}

const scanInstead = 'write them down beforehand: gwfleet hostkeys scan INVENTORY --yes';

function nobodyToAsk(unknown: readonly HostKeySight[]): UsageError {
  const names = unknown
    .slice(0, 5)
    .map(({ name }) => name)
    .join(' ');
  const more = unknown.length > 5 ? ` and ${unknown.length - 5} more` : '';
  return new UsageError(
    `StrictHostKeyChecking=ask for unknown host keys (${names}${more}), and there is no terminal to ask on; nothing was touched`,
    scanInstead,
  );
}
