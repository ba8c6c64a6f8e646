/** What one guarded apply of a host is to do, and for whom. */
import type { TaskPlan } from '../plan/plan.ts';
import type { Facts } from '../tasks/facts.ts';

export interface GuardOrder {
  /** Run id and play number, one word: `20261122-214007-7f3a.1`. A folder on the host. */
  readonly guardId: string;
  /** user@machine of the person who started the run. */
  readonly owner: string;
  /** A nonce: lines of the script's own begin with it. */
  readonly mark: string;
  readonly tasks: readonly TaskPlan[];
  readonly facts: Facts;
  /** How long the host waits for a confirm; null: no guard, confirmed after the last step. */
  readonly confirmTimeoutSeconds: number | null;
  /** Wall clock of the controller in epoch seconds, for the lock's text only. */
  readonly now: number;
  /** What each task's look said when the plan was made, by task id, where it is still at hand. */
  readonly looked?: ReadonlyMap<string, string>;
  /** A run whose lock a person wants broken if it is stale. */
  readonly breakLock?: string;
}
