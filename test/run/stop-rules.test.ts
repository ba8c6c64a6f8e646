/** When a roll stops: Ansible's measured answers, and our own limit. */
import { describe, expect, it } from 'vitest';
import type { PlayRules } from '../../src/plan/plan.ts';
import type { HostResult } from '../../src/report/event.ts';
import { stopReason } from '../../src/run/stop-rules.ts';

const none: PlayRules = {
  maxFail: null,
  maxFailPercentage: null,
  anyErrorsFatal: false,
  canary: 0,
  soakSeconds: 0,
  confirmTimeoutSeconds: 60,
  onFailure: 'halt',
};
const times = (count: number, result: HostResult): readonly HostResult[] =>
  Array.from({ length: count }, () => result);
const [ok2, failed2, away2] = [times(2, 'ok'), times(2, 'failed'), times(2, 'unreachable')];

const table: readonly (readonly [string, Partial<PlayRules>, readonly HostResult[], 'stops' | 'goes on'])[] =
  [
    ['2 of 4 failed, 50 per cent', { maxFailPercentage: 50 }, [...failed2, ...ok2], 'goes on'],
    ['2 of 4 failed, 49 per cent', { maxFailPercentage: 49 }, [...failed2, ...ok2], 'stops'],
    ['2 of 4 unreachable, 0 per cent', { maxFailPercentage: 0 }, [...away2, ...ok2], 'goes on'],
    ['whole batch failed, 100 per cent', { maxFailPercentage: 100 }, times(4, 'failed'), 'stops'],
    ['whole batch failed, no limit', {}, times(4, 'failed'), 'stops'],
    ['whole batch rolled back', {}, times(4, 'rolled-back'), 'stops'],
    ['all that were begun failed, the rest away', {}, [...failed2, ...away2], 'stops'],
    ['whole batch unreachable: nothing was begun', {}, times(4, 'unreachable'), 'goes on'],
    ['whole batch unreachable, 100 per cent', { maxFailPercentage: 100 }, times(4, 'unreachable'), 'stops'],
    ['1 failed, any_errors_fatal', { anyErrorsFatal: true }, ['failed', ...ok2], 'stops'],
    ['1 unreachable, any_errors_fatal', { anyErrorsFatal: true }, ['unreachable', ...ok2], 'stops'],
    ['max_fail 2 reached by unreachable', { maxFail: 2 }, ['failed', 'unreachable', ...ok2], 'stops'],
    ['max_fail 3 not reached', { maxFail: 3 }, ['failed', 'unreachable', ...ok2], 'goes on'],
    ['all well', { maxFail: 1, anyErrorsFatal: true, maxFailPercentage: 0 }, [...ok2, 'changed'], 'goes on'],
  ];

describe('a batch', () => {
  it.each(table)('%s', (_, rules, batch, then) => {
    const begun = batch.filter((result) => result !== 'unreachable');
    expect(
      stopReason({ ...none, ...rules }, { batch, begun, run: batch }) === undefined ? 'goes on' : 'stops',
    ).toBe(then);
  });

  it('adds to the failures of the whole run', () => {
    const run = times(3, 'failed');
    expect(stopReason({ ...none, maxFail: 3 }, { batch: ok2, begun: ok2, run })).toContain(
      'max_fail 3 is reached',
    );
  });
});
