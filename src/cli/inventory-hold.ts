/**
 * Holding an inventory while a command changes its hosts, in words for people: whose it is, since when, and what can
 * be done. A live run's hold ends the command (exit 6) before any host is looked at.
 */
import { exitCodes } from '../report/exit-code.ts';
import type { RunRecord } from '../run/history.ts';
import { type LockAttempt, type LockHolder, lockInventory } from '../run/inventory-lock.ts';
import { UsageError } from './usage.ts';

export type InventoryHold = Exclude<LockAttempt, { readonly kind: 'held' }>;

/** Let go of at the end of the process, whatever ends it. Throws UsageError with exit 6. */
export function holdInventory(
  state: string,
  record: RunRecord,
  breakLock: string | undefined,
): InventoryHold {
  const { run, command, owner, inventoryFile, startedAt, process: mark } = record;
  const mine: LockHolder = {
    v: 1,
    inventory: inventoryFile,
    run,
    command,
    owner,
    since: startedAt,
    process: mark,
  };
  const attempt = lockInventory({ state, mine, breakLock });
  if (attempt.kind === 'held') throw held(attempt, breakLock);
  process.once('exit', attempt.release);
  return attempt;
}

/** `run 20261122-214007-7f3a (apply) of root@box`. */
export function holderText({ run, command, owner }: LockHolder | RunRecord): string {
  return `run ${run} (${command}) of ${owner}`;
}

/** `2026-11-22 21:40:07 UTC`. */
export function timeText(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

function held(
  { by, life }: Extract<LockAttempt, { readonly kind: 'held' }>,
  breakLock: string | undefined,
): UsageError {
  const { pid, machine } = by.process;
  const whose = `this inventory is being changed by ${holderText(by)} since ${timeText(by.since)}`;
  return life === 'alive'
    ? new UsageError(
        `${whose} (process ${pid}); nothing was touched`,
        `${breakLock === by.run ? 'it is alive, so nobody breaks its lock; end it with Ctrl-C, ' : ''}wait for it, or look at it: gwfleet runs show ${by.run}`,
        exitCodes.staleOrLocked,
      )
    : new UsageError(
        `${whose} (process ${pid} on ${machine}, which cannot be asked from here); nothing was touched`,
        `when that run is over for certain, break its lock: --break-lock ${by.run}`,
        exitCodes.staleOrLocked,
      );
}
