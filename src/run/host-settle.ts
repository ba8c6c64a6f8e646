/**
 * After the steps: come back over a NEW connection, look, confirm or roll back; when the host stays away or goes back
 * by itself, wait for its own word. What a reader gets wrong: a connection lost in the steps says nothing about them.
 * They may have ended well meanwhile, and then the change is looked at and confirmed like any other.
 */
import { type Journal, readJournal } from '../guard/journal.ts';
import { settleScript } from '../guard/settle-script.ts';
import { asBefore, shortfalls } from '../plan/decide.ts';
import { probeScript, readSight, type Sight } from '../plan/probe.ts';
import type { Outcome } from '../remote/remote.ts';
import type { Facts } from '../tasks/facts.ts';
import { openRemote, type RunContext } from './context.ts';
import type { HostDone, HostOrder } from './host-apply.ts';
import { forgottenEnding, type HostEnding, settledEnding, stepCause } from './host-result.ts';
import { describeOutcome } from './survey.ts';

/** Patience beyond the guard's timer: a busy host counts slower than we do. */
const patienceSeconds = 20;
/** A host that answers, but is still at it, is waited for this much longer: its undo may take its time. */
const busySeconds = 120;

/** This often a host must say that it knows no such run, a second apart: the first time it may just be starting. */
const goneEnough = 3;

/** Whether the host had said that it begins: then a host that knows nothing of it has lost it. */
type Returning = HostOrder & { readonly begun: 'yes' | 'no' };

interface Steps {
  readonly outcome: Outcome;
  readonly journal: Journal;
  readonly seconds: number;
}

/** Not settled yet: the host could not be asked, or is still at it. */
interface Again {
  readonly why: string;
  readonly journal?: Journal;
}

export async function endGuarded(order: HostOrder, steps: Steps, context: RunContext): Promise<HostDone> {
  const { outcome, journal, seconds } = steps;
  const cause: HostEnding =
    outcome.kind === 'done'
      ? stepCause(journal, order.plan.tasks)
      : { result: 'failed', message: describeOutcome(outcome) };
  if (!journal.applied && isSettled(journal)) return { ending: told(order, journal, cause, context) };
  const startMs = context.nowMs();
  let patience = seconds + patienceSeconds;
  let gone = 0;
  for (;;) {
    const next = await contact({ ...order, begun: hasBegun(journal) ? 'yes' : 'no' }, cause, context);
    if ('ending' in next) return next;
    if (next.journal?.state === 'gone' && ++gone >= goneEnough)
      return { ending: forgottenEnding(hasBegun(journal) ? 'looks different' : 'not begun', cause) };
    if (next.journal?.state !== undefined) patience = seconds + busySeconds;
    if (context.nowMs() - startMs > patience * 1000)
      return { ending: settledEnding(next.journal?.state, { ...cause, message: next.why }, next.journal) };
    await context.sleep(1000);
  }
}

/** What is not as the plan promised; undefined when all is. */
export function verdict(
  order: Pick<HostOrder, 'plan'>,
  sight: Sight,
  context: RunContext,
): HostEnding | undefined {
  const [first, ...more] = shortfalls(order.plan.tasks, sight, context.types);
  if (first === undefined) return undefined;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return {
    result: 'failed',
    message: `${first.why}${others}`,
    task: first.task.name,
    place: first.task.place,
  };
}

/** The ending in the host's own words, and the event of it. */
export function told(order: HostOrder, journal: Journal, cause: HostEnding, context: RunContext): HostEnding {
  if (journal.state !== undefined)
    context.emit({ type: 'guard-settled', host: order.plan.host, state: journal.state });
  const ending = settledEnding(journal.state, cause);
  if (journal.bootFailed === undefined) return ending;
  return {
    ...ending,
    result: 'failed',
    message: 'the live state is confirmed, but the boot files could not be written',
    said: journal.bootFailed,
  };
}

/** Whether the host may have been changed: it was armed, or a step was begun. */
export function hasBegun({ ready, armed, begun }: Journal): boolean {
  return ready || armed || begun.length > 0;
}

/** One connection of its own: what the guard says, the look, the verdict, the guard's answer. */
async function contact(order: Returning, cause: HostEnding, context: RunContext): Promise<HostDone | Again> {
  const { host } = order.plan;
  const remote = await openRemote(host, context);
  if (typeof remote === 'string') return { why: `cannot get in any more: ${remote}` };
  const mark = context.nonce();
  let sight: Sight | undefined;
  let missing: HostEnding | undefined;
  const known = knownFacts(order);
  const probe = probeScript(mark, order.lookTasks, context.types, known);
  const outcome = await remote.run(settleScript({ guardId: order.guardId, mark }, probe), {
    timeoutSeconds: context.commandTimeoutSeconds,
    answer: (stdout) => {
      if (!readJournal(mark, stdout).asked) return undefined;
      sight = readSight(mark, stdout, '', known);
      missing = shortOf(order, sight, context);
      return missing === undefined ? 'confirm\n' : 'rollback\n';
    },
  });
  void remote.close();
  const journal = readJournal(mark, outcome.stdout);
  if (!isSettled(journal)) return { why: whyUnsettled(outcome, journal, cause), journal };
  sight ??= readSight(mark, outcome.stdout, '', known);
  if (journal.state === 'gone') return forgotten({ order, cause, journal, sight }, context);
  if (journal.asked && journal.watchdogAlive === false && context.guard === 'on') noteWatchdog(host, context);
  // Confirmed by a word of ours whose answer was lost, or by itself where there is no guard.
  if (journal.state === 'confirmed' && !journal.asked) missing = shortOf(order, sight, context);
  const ending = told(order, journal, missing ?? lostCause(order, journal, cause), context);
  const kept = ending.result === 'changed' && missing !== undefined ? missing : ending;
  return { ending: kept, ...(sight === undefined ? {} : { sight }) };
}

/** A play that is still to come plans with the facts, and a task may have changed any of them: then all are asked again. */
function knownFacts({ lookTasks, plan }: HostOrder): Facts | undefined {
  const here = new Set(plan.tasks.map(({ id }) => id));
  return lookTasks.every(({ id }) => here.has(id)) ? plan.facts : undefined;
}

function shortOf(order: HostOrder, sight: Sight | undefined, context: RunContext): HostEnding | undefined {
  if (sight === undefined) return { result: 'failed', message: 'the second look was garbled' };
  return verdict(order, sight, context);
}

function noteWatchdog(host: string, context: RunContext): void {
  const message = 'the watchdog of this host had been killed: it could not have rolled back by itself';
  context.emit({ type: 'note', host, message });
}

function whyUnsettled(outcome: Outcome, { state }: Journal, cause: HostEnding): string {
  if (outcome.kind !== 'done' || state === undefined) return describeOutcome(outcome);
  return cause.message ?? `the guard is ${state}`;
}

/** Steps that failed while nobody listened are in the journal; else it was the way to the host that failed. */
function lostCause(order: HostOrder, journal: Journal, cause: HostEnding): HostEnding {
  if (journal.ended.some(({ code }) => code !== 0)) return stepCause(journal, order.plan.tasks);
  if (!journal.applied) return cause.message === undefined ? stepCause(journal, order.plan.tasks) : cause;
  return { result: 'failed', message: 'the host was not confirmed in time' };
}

interface Forgotten {
  readonly order: Returning;
  readonly cause: HostEnding;
  readonly journal: Journal;
  readonly sight: Sight | undefined;
}

/**
 * A host without a trace of the run. /run is emptied at boot, and a change that was not confirmed goes with it: what
 * looks as before then is back. Anything else is asked again: a script may be on its way.
 */
function forgotten({ order, cause, journal, sight }: Forgotten, context: RunContext): HostDone | Again {
  const back = sight !== undefined && asBefore(order.plan.tasks, sight, context.types);
  const rebooted = journal.bootId !== order.plan.facts.bootId;
  if (back && (rebooted || order.begun === 'yes')) {
    context.emit({ type: 'guard-settled', host: order.plan.host, state: 'gone' });
    return { ending: forgottenEnding('looks as before', cause) };
  }
  if (rebooted) return { ending: forgottenEnding('looks different', cause) };
  return { why: cause.message ?? 'the host does not know the run', journal };
}

function isSettled({ state }: Journal): boolean {
  return state !== undefined && state !== 'armed' && state !== 'rolling-back';
}
