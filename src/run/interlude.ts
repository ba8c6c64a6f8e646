/**
 * What a command does between the plays of a run that is no change of one host: a proof that a new gateway works, a
 * wait for connections to end, a line in the inventory. It can end the run.
 */
import type { PlayPlan } from '../plan/plan.ts';
import type { OpenDrain } from './route-drain.ts';

/** How the hosts of the run stand at that moment. */
export interface Standing {
  /** Those that have come through all of their plays so far. */
  readonly fine: ReadonlySet<string>;
  /** Drains that go on, and that nobody waits for any more. */
  readonly draining: readonly OpenDrain[];
}

export interface Interludes {
  /** Whether the play begins only after everything that drains has ended, or its deadline has come. */
  readonly drainsFirst?: (play: PlayPlan) => boolean;
  /** Before a play begins. A reason ends the run. */
  readonly before?: (play: PlayPlan, index: number, standing: Standing) => Promise<string | undefined>;
  /** After the last play and its drains, unless the run was stopped. A reason is told as the end of the run. */
  readonly after?: (standing: Standing) => Promise<string | undefined>;
}
