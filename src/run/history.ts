/**
 * The folder of a run under the XDG state directory: every event as one JSON line, written before the next one can
 * happen, so that it survives a kill -9 at any moment; and the plan. Folders 0700, files 0600.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan/plan.ts';
import type { RunEvent } from '../report/event.ts';

/** `$XDG_STATE_HOME/gwfleet`; a relative value is ignored, as the XDG specification says. */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state, HOME: home = '/root' } = environment;
  return join(state?.startsWith('/') === true ? state : join(home, '.local', 'state'), 'gwfleet');
}

export interface RunHistory {
  readonly folder: string;
  event(event: RunEvent): void;
  plan(plan: Plan): void;
}

/** Throws when the folder cannot be made: a run that cannot be remembered must not begin. */
export function openHistory(state: string, run: string): RunHistory {
  const folder = join(state, 'runs', run);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const events = join(folder, 'events.jsonl');
  return {
    folder,
    event: (event) => appendFileSync(events, `${JSON.stringify(event)}\n`, { mode: 0o600 }),
    plan: (plan) => writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan), { mode: 0o600 }),
  };
}

/** Sorts by time: `20261122-214007-7f3a`. */
export function runId(now: Date, random: string): string {
  const digits = now.toISOString().replaceAll(/[-:T]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${random.slice(0, 4)}`;
}
