/**
 * The plan: all changes of all hosts in their batches, as a JSON value. It can be shown, saved, reviewed and
 * refused; nothing is left to decide when it is applied.
 */

import type { Place } from '../source/diagnostic.ts';
import type { Facts } from '../tasks/facts.ts';
import type { Change, Json, Note } from '../tasks/task-type.ts';

export interface Plan {
  readonly v: 1;
  readonly inventory: string;
  readonly playbook: string;
  readonly plays: readonly PlayPlan[];
}

export interface PlayPlan {
  readonly name: string;
  /** Host names in the order in which batches go. */
  readonly batches: readonly (readonly string[])[];
  readonly rules: PlayRules;
  readonly hosts: readonly HostPlan[];
}

/** How a play rolls: the keywords of the play after defaults. */
export interface PlayRules {
  /** Stop the run when this many hosts have failed or were unreachable, over the whole run; null: no such limit. */
  readonly maxFail: number | null;
  /** Ansible's meaning: a batch stops the run when MORE than this percentage of it failed; null: only when all did. */
  readonly maxFailPercentage: number | null;
  readonly anyErrorsFatal: boolean;
}

/** What will be done on one host in one play, or why it cannot be said. */
export type HostPlan =
  | {
      readonly kind: 'planned';
      readonly host: string;
      readonly facts: Facts;
      readonly tasks: readonly TaskPlan[];
      readonly notes: readonly Note[];
    }
  | {
      readonly kind: 'unplannable';
      readonly host: string;
      readonly result: 'unreachable' | 'failed';
      readonly why: string;
    };

export interface TaskPlan {
  /** Unique in the play: `t3`. */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly place: Place;
  readonly object: string;
  readonly args: Json;
  readonly from: Json;
  readonly to: Json;
  readonly changes: readonly Change[];
  readonly notes: readonly Note[];
  /** POSIX cksum of the probe's standard output when it was seen; the host is refused when it has moved. */
  readonly seen: string;
}
