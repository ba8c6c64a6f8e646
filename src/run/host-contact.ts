/**
 * Coming back to a host whose steps have ended, or whose connection died: over a connection that is opened now, again
 * and again, with patience past the guard's timer. What the host answers is what is told; only a host that stays away
 * is unknown.
 */
import { type Journal, readJournal } from '../guard/journal.ts';
import { settleScript } from '../guard/settle-script.ts';
import { asBefore, shortfalls } from '../plan/decide.ts';
import type { PlannedHost } from '../plan/plan.ts';
import { type HostTask, probeScript, readSight, type Sight } from '../plan/probe.ts';
import type { Remote } from '../remote/remote.ts';
import { type RunContext, targetOf } from './context.ts';
import type { HostDone } from './host-apply.ts';
import { forgottenEnding, type HostEnding, settledEnding, stepCause } from './host-result.ts';
import { describeOutcome } from './survey.ts';

export interface ContactOrder {
  readonly plan: PlannedHost;
  readonly guardId: string;
  readonly lookTasks: readonly HostTask[];
  /** How long the host waits for a confirm. */
  readonly seconds: number;
  /** What the host said before its connection ended. */
  readonly before: Journal;
  /** Why it is not confirmed, if it is not. */
  readonly cause: HostEnding;
}

/** Patience beyond the guard's timer: a busy host counts slower than we do. */
const patienceSeconds = 20;
/** A host that is still at it when we get in is waited for up to this much longer: its undo may take its time. */
const busySeconds = 120;

export async function comeBack(order: ContactOrder, context: RunContext): Promise<HostDone> {
  const startMs = context.nowMs();
  let patience = order.seconds + patienceSeconds;
  let last: Again | undefined;
  for (;;) {
    const settled = await contact(order, context);
    if ('ending' in settled) return settled;
    last = { ...settled, state: settled.state ?? last?.state };
    if (settled.state !== undefined) patience = order.seconds + busySeconds;
    if (context.nowMs() - startMs > patience * 1000)
      return { ending: settledEnding(settled.state, { ...order.cause, message: last.why }) };
    await context.sleep(1000);
  }
}

interface Again {
  readonly why: string;
  readonly state: Journal['state'];
}

/** One connection: the look, the verdict, the answer. */
async function contact(order: ContactOrder, context: RunContext): Promise<HostDone | Again> {
  const { host } = order.plan;
  const remote = await openHost(host, context);
  if (typeof remote === 'string') return { why: `cannot get in any more: ${remote}`, state: undefined };
  const mark = context.nonce();
  let sight: Sight | undefined;
  let missing: HostEnding | undefined;
  const probe = probeScript(mark, order.lookTasks, context.types);
  const outcome = await remote.run(settleScript({ guardId: order.guardId, mark }, probe), {
    timeoutSeconds: context.commandTimeoutSeconds,
    answer: (stdout) => {
      if (!readJournal(mark, stdout).asked) return undefined;
      sight = readSight(mark, stdout, '');
      missing = shortOf(order, sight, context);
      return missing === undefined ? 'confirm\n' : 'rollback\n';
    },
  });
  void remote.close();
  const journal = readJournal(mark, outcome.stdout);
  if (!isSettled(journal)) return { why: describeUnsettled(order, outcome, journal), state: journal.state };
  sight ??= readSight(mark, outcome.stdout, '');
  if (journal.state === 'gone') return { ending: forgotten(order, sight, context) };
  if (journal.watchdogAlive === false && journal.asked)
    context.emit({
      type: 'note',
      host,
      message: 'the watchdog of this host had been killed; it could not have rolled back by itself',
    });
  const cause = missing ?? lostCause(order, journal);
  if (journal.state === 'confirmed' && !journal.asked) missing = shortOf(order, sight, context);
  const ending = told(host, journal, cause, context);
  const kept = journal.state === 'confirmed' && missing !== undefined ? missing : ending;
  return { ending: kept, ...(sight === undefined ? {} : { sight }) };
}

/** What is not as the plan promised; undefined when all is. */
export function verdict(
  order: { readonly plan: PlannedHost },
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

export function isSettled({ state }: Journal): boolean {
  return state !== undefined && state !== 'armed' && state !== 'rolling-back';
}

/** The ending of a guard that has ended, said once. */
export function told(host: string, journal: Journal, cause: HostEnding, context: RunContext): HostEnding {
  if (journal.state !== undefined) context.emit({ type: 'guard-settled', host, state: journal.state });
  const ending = settledEnding(journal.state, cause);
  if (journal.bootFailed === undefined) return ending;
  return {
    ...ending,
    result: 'failed',
    message: 'the live state is confirmed, but the boot files could not be written',
    said: journal.bootFailed,
  };
}

export async function openHost(host: string, context: RunContext): Promise<Remote | string> {
  const connection = await context.connector.connect(targetOf(context, host));
  return connection.ok ? connection.remote : connection.failure.message;
}

function shortOf(order: ContactOrder, sight: Sight | undefined, context: RunContext): HostEnding | undefined {
  if (sight === undefined) return { result: 'failed', message: 'the second look was garbled' };
  return verdict(order, sight, context);
}

function describeUnsettled(
  order: ContactOrder,
  outcome: Awaited<ReturnType<Remote['run']>>,
  journal: Journal,
): string {
  if (outcome.kind !== 'done') return describeOutcome(outcome);
  if (journal.state === undefined) return describeOutcome(outcome);
  return order.cause.message ?? `the guard is ${journal.state}`;
}

/** Steps that failed while nobody listened are in the journal; else it was our own way that failed. */
function lostCause(order: ContactOrder, journal: Journal): HostEnding {
  if (journal.ended.some(({ code }) => code !== 0)) return stepCause(journal, order.plan.tasks);
  if (!journal.applied)
    return {
      ...stepCause(journal, order.plan.tasks),
      message: order.cause.message ?? 'the steps did not end',
    };
  return { result: 'failed', message: 'the host was not confirmed in time' };
}

/** A host without a trace of the run: it never began, or it was rebooted and began anew. */
function forgotten(order: ContactOrder, sight: Sight | undefined, context: RunContext): HostEnding {
  const begun = order.before.ready || order.before.armed || order.before.applied;
  const before = sight !== undefined && asBefore(order.plan.tasks, sight, context.types);
  return forgottenEnding(
    { begun: begun ? 'begun' : 'not begun', looks: before ? 'as before' : 'different' },
    order.cause,
  );
}
