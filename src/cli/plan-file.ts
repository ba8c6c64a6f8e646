/**
 * A saved plan: what `plan -o` writes and `apply <plan-file>` reads. It holds the plan and the tasks that look at the
 * hosts, never how to log in, and nothing of tasks that hold secrets: that comes from the inventory again.
 */
import { readFileSync } from 'node:fs';
import { hiddenPlan } from '../plan/hidden.ts';
import type { Plan } from '../plan/plan.ts';
import type { HostTask } from '../plan/probe.ts';
import { safeJson } from '../report/safe-json.ts';
import type { FleetRequest } from '../run/plan-fleet.ts';
import { taskTypes } from '../tasks/registry.ts';
import { sealedTasks, sealsOf } from './sealed-plan.ts';
import { UsageError } from './usage.ts';
import { replaceFile } from './whole-file.ts';

/** What tells whether a secret is still the one that a plan was made with. */
export interface Seals {
  readonly salt: string;
  /** By `task@host`. */
  readonly digests: Readonly<Record<string, string>>;
}

interface PlanFile {
  readonly gwfleet: 'plan';
  readonly v: 1;
  readonly plan: Plan;
  /** By play, then by host. */
  readonly tasks: readonly Readonly<Record<string, readonly HostTask[]>>[];
  readonly gates: readonly Readonly<Record<string, readonly HostTask[]>>[];
  readonly seals?: Seals;
}

export interface SavedPlan {
  readonly plan: Plan;
  readonly request: FleetRequest;
  /** Missing in a plan without secrets. */
  readonly seals?: Seals;
}

/** For its owner alone, whatever was there: a plan tells much of a fleet, and never half of it. */
export function writePlanFile(path: string, saved: SavedPlan): void {
  try {
    replaceFile(path, planFileText(saved, 1), 'alone');
  } catch (error) {
    throw new UsageError(
      `cannot write the plan to ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The text of a saved plan: what `plan -o` writes, and what a run keeps of itself. */
export function planFileText({ plan, request }: SavedPlan, indent = 0): string {
  const tasks = request.plays.map((play) => Object.fromEntries(sealedTasks(play.tasks)));
  const gates = request.plays.map((play) => Object.fromEntries(sealedTasks(play.gate)));
  const shown = hiddenPlan(plan, taskTypes);
  const file: PlanFile = { gwfleet: 'plan', v: 1, plan: shown, tasks, gates, seals: sealsOf(request) };
  return `${safeJson(file, indent)}\n`;
}

/** Undefined when the file is no saved plan: then it is an inventory. */
export function readPlanFile(path: string): SavedPlan | undefined {
  const file = parsed(path);
  if (file === undefined) return undefined;
  if (!isOurs(file)) {
    throw new UsageError(
      `${path} is a plan of another version of gwfleet`,
      'make a new one: gwfleet plan INVENTORY -o FILE',
    );
  }
  const { plan, tasks, gates, seals } = file;
  const plays = plan.plays.map(({ name, pattern, batches, rules }, index) => ({
    name,
    pattern,
    batches,
    rules,
    tasks: new Map(Object.entries(tasks[index] ?? {})),
    gate: new Map(Object.entries(gates[index] ?? {})),
  }));
  const request = { inventory: plan.inventory, playbook: plan.playbook, plays };
  return { plan, request, ...(seals === undefined ? {} : { seals }) };
}

function parsed(path: string): PlanFile | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (!text.startsWith('{')) return undefined;
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'gwfleet' in value && value.gwfleet === 'plan'
      ? (value as PlanFile)
      : undefined;
  } catch {
    return undefined;
  }
}

function isOurs({ v, plan, tasks, gates }: { readonly [Key in keyof PlanFile]?: unknown }): boolean {
  const plays = typeof plan === 'object' && plan !== null && 'plays' in plan ? plan.plays : undefined;
  return v === 1 && Array.isArray(plays) && Array.isArray(tasks) && Array.isArray(gates);
}
