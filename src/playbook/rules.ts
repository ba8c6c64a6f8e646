/**
 * How a play rolls over its hosts: the keywords of the play after defaults, in numbers of hosts and seconds.
 */

/** What happens to changed hosts when the roll stops. */
export type OnFailure = 'halt' | 'rollback_batch' | 'rollback_run';

export interface PlayRules {
  /** Stop the run when this many hosts have failed or were unreachable, over the whole run; null: no such limit. */
  readonly maxFail: number | null;
  /** Ansible's meaning: a batch stops the run when MORE than this percentage of it failed; null: only when all did. */
  readonly maxFailPercentage: number | null;
  readonly anyErrorsFatal: boolean;
  /** The first batch is a canary of this many hosts; 0: none. */
  readonly canary: number;
  /** How long a batch is watched before the next one starts. */
  readonly soakSeconds: number;
  readonly confirmTimeoutSeconds: number;
  readonly onFailure: OnFailure;
  /** Said by --allow-cut: a change that certainly cuts the way in is not refused. */
  readonly cut?: 'allowed';
}
