/**
 * When a roll must not go on. `max_fail` counts the whole run and unreachable hosts and stops when it is reached;
 * `max_fail_percentage` is Ansible's: per batch, must be exceeded, unreachable hosts do not count. What a reader gets
 * wrong: a host on which nothing was begun (unreachable, locked, read-only) says nothing about the change, so it alone
 * never stops the others; a batch whose every begun host failed does. `any_errors_fatal` is Ansible's too, where
 * unreachable hosts count (plugins/strategy/linear.py).
 */
import type { PlayRules } from '../plan/plan.ts';
import type { HostResult } from '../report/event.ts';

const bad: readonly HostResult[] = ['failed', 'rolled-back', 'unknown', 'unreachable'];
const ansibleFailed: readonly HostResult[] = ['failed', 'rolled-back', 'unknown'];

export interface Results {
  readonly batch: readonly HostResult[];
  /** Of the batch, only the hosts on which a change was begun. */
  readonly begun: readonly HostResult[];
  /** Of all hosts so far. */
  readonly run: readonly HostResult[];
}

/** Why nothing further may begin after this batch, or undefined. */
export function stopReason(rules: PlayRules, { batch, begun, run }: Results): string | undefined {
  const badInRun = run.filter((result) => bad.includes(result)).length;
  const failedInBatch = batch.filter((result) => ansibleFailed.includes(result)).length;
  if (begun.length > 0 && begun.every((result) => bad.includes(result)))
    return 'every host of the batch failed';
  if (rules.maxFail !== null && badInRun >= rules.maxFail)
    return `max_fail ${rules.maxFail} is reached: ${badInRun} failed`;
  if (rules.anyErrorsFatal && batch.some((result) => bad.includes(result)))
    return 'any_errors_fatal: a host of the batch failed';
  // Who says what a failure leads to, and not how many are borne, bears none.
  if (rules.onFailure !== 'halt' && !bears(rules) && begun.some((result) => bad.includes(result)))
    return `on_failure: ${rules.onFailure}: a host of the batch failed`;
  if (rules.maxFailPercentage !== null && failedInBatch * 100 > rules.maxFailPercentage * batch.length) {
    return `max_fail_percentage ${rules.maxFailPercentage} is exceeded: ${failedInBatch} of ${batch.length} failed`;
  }
  return undefined;
}

function bears({ maxFail, maxFailPercentage }: PlayRules): boolean {
  return maxFail !== null || maxFailPercentage !== null;
}
