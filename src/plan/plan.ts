/**
 * The plan: all changes of all hosts in their batches, as a JSON value. It can be shown, saved, reviewed and
 * refused; nothing is left to decide when it is applied.
 */
import type { PlayRules } from '../playbook/rules.ts';
import type { Place } from '../source/diagnostic.ts';
import type { Facts } from '../tasks/facts.ts';
import type { Change, Json, Note } from '../tasks/task-type.ts';
import type { Booted } from './boot.ts';

export type { PlayRules };

export interface Plan {
  readonly v: 1;
  readonly inventory: string;
  readonly playbook: string;
  readonly plays: readonly PlayPlan[];
}

export interface PlayPlan {
  readonly name: string;
  /** The host pattern of the play as written: `gateways`. */
  readonly pattern: string;
  /** Host names in the order in which batches go. */
  readonly batches: readonly (readonly string[])[];
  readonly rules: PlayRules;
  readonly hosts: readonly HostPlan[];
}

/** What will be done on one host in one play, or why it cannot be said. */
export type HostPlan = PlannedHost | UnplannableHost;

export interface PlannedHost {
  readonly kind: 'planned';
  readonly host: string;
  readonly facts: Facts;
  readonly tasks: readonly TaskPlan[];
}

export interface UnplannableHost {
  readonly kind: 'unplannable';
  readonly host: string;
  readonly result: 'unreachable' | 'failed';
  readonly why: string;
  readonly hint?: string;
  /** The host has moved since it was seen: what was wanted of it does not hold any more. */
  readonly stale?: true;
  /** The task that could not be planned, when the host itself answered. */
  readonly task?: { readonly name: string; readonly place: Place };
}

export interface TaskPlan {
  /** Unique on its host over all plays: `p1t3`. A shell word. */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly place: Place;
  readonly object: string;
  readonly args: Json;
  readonly from: Json;
  readonly to: Json;
  readonly changes: readonly Change[];
  /** What is not as wanted of its files at boot; written after confirm, without a step of its own. */
  readonly boot?: readonly Change[];
  /** Nothing of it is kept for a restart: its boot files go. */
  readonly forgotten?: true;
  /** Of a way back: the states whose files at boot are meant. What was seen can hold more than what was wanted. */
  readonly booted?: Booted;
  readonly notes: readonly Note[];
  /** POSIX cksum of the probe's standard output when it was seen; the host is refused when it has moved. */
  readonly seen: string;
  /** Why nothing of it may be shown or kept; copies that leave us go through `hiddenPlan`. */
  readonly secret?: string;
}

/** Counts of a plan for its last line and for the question. */
export interface PlanCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly run: number;
  readonly hosts: number;
  readonly hostsChanging: number;
  readonly hostsUnplannable: number;
}

export function hasChanges(host: HostPlan): boolean {
  return (
    host.kind === 'planned' && host.tasks.some(({ changes, boot = [] }) => changes.length + boot.length > 0)
  );
}

export function countPlan(plan: Plan): PlanCounts {
  const counts = { create: 0, update: 0, delete: 0, run: 0 };
  const [all, changing, unplannable] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const host of plan.plays.flatMap(({ hosts }) => hosts)) {
    all.add(host.host);
    if (hasChanges(host)) changing.add(host.host);
    if (host.kind === 'unplannable') unplannable.add(host.host);
    else for (const { changes } of host.tasks) for (const { action } of changes) counts[action] += 1;
  }
  return { ...counts, hosts: all.size, hostsChanging: changing.size, hostsUnplannable: unplannable.size };
}
