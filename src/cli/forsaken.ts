/**
 * Before a command touches or judges an inventory: earlier runs on it whose gwfleet died. The hosts they were changing
 * are asked, the answers are told and written into those runs' journals, and only then does the command go on.
 */
import type { Inventory } from '../inventory/model.ts';
import type { BareEvent } from '../report/event.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { RunContext } from '../run/context.ts';
import { type Answer, askHosts, inFlight } from '../run/forsaken-run.ts';
import { type RunRecord, reopenHistory, runFolder } from '../run/history.ts';
import { finishedEvent } from '../run/host-result.ts';
import { lockHolder } from '../run/inventory-lock.ts';
import { isForsaken, type PastRun, runsOf } from '../run/past-run.ts';
import { lifeOf } from '../run/process-mark.ts';
import { holderText, type InventoryHold, timeText } from './inventory-hold.ts';
import { readPlanFile } from './plan-file.ts';
import { UsageError } from './usage.ts';

export interface Ground {
  readonly state: string;
  readonly record: RunRecord;
  readonly context: RunContext;
  /** Undefined for a command that only looks. */
  readonly hold: InventoryHold | undefined;
  readonly breakLock: string | undefined;
}

/** Runs that died and were not asked about yet, the oldest first. */
export function forsakenRuns(state: string, inventoryFile: string): readonly PastRun[] {
  const found: PastRun[] = [];
  for (const past of runsOf(state, inventoryFile)) {
    if (isForsaken(past)) found.unshift(past);
    // Each changing run has asked about those before it.
    else if (past.state.finished !== undefined || lifeOf(past.record.process) === 'dead') break;
  }
  return found;
}

/** Throws UsageError (exit 6) when a dead run's hosts cannot all answer and nobody said to go on without. */
export async function settleForsaken(runs: readonly PastRun[], ground: Ground): Promise<void> {
  const { hold, breakLock, context } = ground;
  for (const past of runs) {
    const unanswered = await settleOne(past, ground);
    if (context.stop.aborted) return;
    if (unanswered.length === 0 || hold === undefined || breakLock === past.record.run) continue;
    if (hold.kind === 'inherited' && hold.from.run === past.record.run)
      throw cannotGoOn(past.record, unanswered);
  }
  if (hold === undefined) tellHolder(ground);
  if (hold?.kind !== 'inherited') return;
  const how = breakLock === hold.from.run ? 'broken, as you said' : 'taken over';
  const message = `the lock of ${holderText(hold.from)} on this inventory is ${how}: its process is dead`;
  context.emit({ type: 'note', message });
  hold.takeOver();
}

/** A command that only looks goes on beside one that changes. */
function tellHolder({ state, record, context }: Ground): void {
  const holder = lockHolder(state, record.inventoryFile);
  if (holder === undefined || lifeOf(holder.process) !== 'alive') return;
  const message = `${holderText(holder)} is changing this inventory since ${timeText(holder.since)}`;
  context.emit({ type: 'note', message });
}

async function settleOne(past: PastRun, ground: Ground): Promise<readonly Answer[]> {
  const { context, hold, state, breakLock } = ground;
  const { record } = past;
  const plan = readPlanFile(`${runFolder(state, record.run)}/plan.json`)?.plan;
  const flights = inFlight(past, plan);
  const tell = (message: string, host?: string): void =>
    context.emit({ type: 'note', message, ...(host === undefined ? {} : { host }) });
  const what =
    flights.length === 0
      ? 'no host was in flight'
      : `in flight: ${flights.map(({ host }) => host).join(' ')}`;
  tell(`${holderText(record)}, begun ${timeText(record.startedAt)}, died before it ended; ${what}`);
  const answers = await askHosts(flights, hold === undefined ? 'look' : 'settle', context);
  for (const { flight, why } of answers)
    tell(`run ${record.run} was changing this host: ${why}`, flight.host);
  const unanswered = answers.filter(({ ending }) => ending === undefined);
  writeDown(past, {
    answers,
    by: ground.record.run,
    state,
    final: unanswered.length === 0 || breakLock === record.run,
  });
  return unanswered;
}

interface Findings {
  readonly answers: readonly Answer[];
  readonly by: string;
  readonly state: string;
  /** Nothing more is to be found out. */
  readonly final: boolean;
}

function writeDown({ record }: PastRun, { answers, by, state, final }: Findings): void {
  const history = reopenHistory(state, record.run);
  const write = (bare: BareEvent): void =>
    history.event({ ...bare, v: 1, at: new Date().toISOString(), run: record.run });
  for (const { flight, ending, why } of answers) {
    const { play, host, back } = flight;
    const unknown = { result: 'unknown', message: `gwfleet died during the change; ${why}` } as const;
    const told = ending ?? (final ? { ...unknown, ...(back ? { back: true as const } : {}) } : undefined);
    if (told !== undefined) write(finishedEvent(play, host, told));
  }
  if (!final) return;
  const named = (some: readonly Answer[]): string[] => some.map(({ flight }) => flight.host);
  write({
    type: 'run-died',
    by,
    hosts: named(answers),
    unanswered: named(answers.filter(({ ending }) => ending === undefined)),
  });
}

function cannotGoOn(record: RunRecord, unanswered: readonly Answer[]): UsageError {
  const hosts = unanswered.map(({ flight }) => flight.host).join(' ');
  return new UsageError(
    `${holderText(record)} died while it was changing ${hosts}, and nobody knows how that ended there; nothing was touched`,
    `look at the host and try again; or go on without its answer: --break-lock ${record.run}`,
    exitCodes.staleOrLocked,
  );
}

/** The hosts that must be asked must be reachable as the command reaches its own. */
export function hostsInFlight(runs: readonly PastRun[], inventory: Inventory): readonly string[] {
  return [...new Set(runs.flatMap(({ record }) => record.hosts))].filter((host) => inventory.hosts.has(host));
}
