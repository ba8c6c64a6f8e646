/**
 * What a command does between the plays of a run that is no change of one host: a proof that a new gateway works, a
 * wait for connections to end, a line in the inventory. It can end the run.
 */
import type { PlayPlan } from '../plan/plan.ts';

export interface Interludes {
  /** Before a play begins. A reason ends the run. */
  readonly before?: (play: PlayPlan, index: number) => Promise<string | undefined>;
  /** After the last play, unless the run was stopped. A reason is told as the end of the run. */
  readonly after?: () => Promise<string | undefined>;
}
