/**
 * How a play rolls over its hosts: `serial` with Ansible's exact arithmetic, our `canary` before it, and the limits.
 * A percentage counts all hosts of the play, not the rest, and is rounded down to at least one host.
 */
import type { Amount, Play } from './play.ts';
import type { PlayRules } from './rules.ts';

/** Host names in batches. `serial` repeats its last entry; an entry of zero takes all that is left. */
export function batchesOf(
  hosts: readonly string[],
  { serial, canary }: { serial: readonly Amount[]; canary: Amount | null },
): readonly (readonly string[])[] {
  const batches: (readonly string[])[] = [];
  let at = 0;
  const take = (amount: Amount): void => {
    const size = hostCount(amount, hosts.length);
    const end = size <= 0 ? hosts.length : Math.min(hosts.length, at + size);
    if (end > at) batches.push(hosts.slice(at, end));
    at = end;
  };
  if (canary !== null && hostCount(canary, hosts.length) > 0) take(canary);
  for (let step = 0; at < hosts.length; step += 1)
    take(serial[Math.min(step, serial.length - 1)] ?? { count: 0 });
  return batches;
}

/** Hosts for an amount: Ansible's `pct_to_int`. */
export function hostCount(amount: Amount, hosts: number): number {
  if ('count' in amount) return amount.count;
  return Math.max(1, Math.floor((amount.percent / 100) * hosts));
}

/** The limits of a play in numbers, for its hosts. */
export function rulesOf(play: Play, hosts: number): PlayRules {
  return {
    maxFail: play.maxFail === null ? null : hostCount(play.maxFail, hosts),
    maxFailPercentage: play.maxFailPercentage,
    anyErrorsFatal: play.anyErrorsFatal,
    canary: play.canary === null ? 0 : Math.min(hosts, hostCount(play.canary, hosts)),
    soakSeconds: play.soakSeconds,
    confirmTimeoutSeconds: play.confirmTimeoutSeconds,
    onFailure: play.onFailure,
  };
}
