/**
 * A playbook after reading: keywords understood and defaults filled in, arguments still as written, because their
 * templates mean something else on every host.
 */
import type { Place } from '../source/diagnostic.ts';
import type { SourceNode } from '../source/yaml-document.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { Expression } from './expression.ts';
import type { OnFailure } from './rules.ts';

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}

/** A number of hosts, or a percentage of the play's hosts. */
export type Amount = { readonly count: number } | { readonly percent: number };

export interface Play {
  /** `p1`, `p2` ... in file order. */
  readonly id: string;
  readonly name: string;
  readonly place: Place;
  /** A host pattern; the entries of a list are joined by commas. */
  readonly hosts: { readonly pattern: string; readonly place: Place };
  /** Never empty; `{ count: 0 }` is all hosts at once. */
  readonly serial: readonly Amount[];
  readonly canary: Amount | null;
  readonly maxFail: Amount | null;
  readonly maxFailPercentage: number | null;
  readonly anyErrorsFatal: boolean;
  readonly soakSeconds: number;
  readonly confirmTimeoutSeconds: number;
  readonly onFailure: OnFailure;
  /** Undefined: as the inventory says. */
  readonly become: boolean | undefined;
  readonly vars: Written;
  readonly tasks: readonly Task[];
  /** Checks that run between batches, on the hosts that were already changed. */
  readonly gate: readonly Task[];
}

export interface Task {
  /** Unique in the playbook: `p1t3`, or `p1g1` for a check of the gate. */
  readonly id: string;
  readonly name: string;
  readonly place: Place;
  readonly type: AnyTaskType;
  readonly args: SourceNode;
  /** All must hold, those of the play included. */
  readonly when: readonly Condition[];
  /** Its own and the play's. */
  readonly tags: readonly string[];
  readonly vars: Written;
  /** `no_log: true`: nothing of it is shown or kept. */
  readonly log: 'shown' | 'hidden';
}

/** Variables of a play or a task as written. */
export type Written = ReadonlyMap<string, SourceNode>;

export interface Condition {
  readonly expression: Expression;
  readonly node: SourceNode;
}

/** Seconds without us after which a host rolls back, when the play says nothing. */
export const defaultConfirmTimeoutSeconds = 60;
