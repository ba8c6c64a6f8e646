/**
 * After the steps: come back over a NEW connection, look, confirm or roll back; when the host stays away or goes back
 * by itself, wait for its own word. What a reader gets wrong: a connection lost in the steps says nothing about them.
 * They may have ended well meanwhile, and then the change is looked at and confirmed like any other.
 */
import { type Journal, readJournal } from '../guard/journal.ts';
import { inspectScript, settleScript } from '../guard/settle-script.ts';
import { shortfalls } from '../plan/decide.ts';
import { probeScript, readSight, type Sight } from '../plan/probe.ts';
import type { Outcome } from '../remote/remote.ts';
import { openRemote, type RunContext } from './context.ts';
import type { HostDone, HostOrder } from './host-apply.ts';
import { type HostEnding, settledEnding, stepCause } from './host-result.ts';
import { describeOutcome } from './survey.ts';

/** Patience beyond the guard's timer: a busy host counts slower than we do. */
const patienceSeconds = 20;

/** This often a host must say that it knows no such run, a second apart: the first time it may just be starting. */
const goneEnough = 3;

/** Not settled yet: the host could not be asked, or is still at it. */
interface Again {
  readonly why: string;
  readonly journal?: Journal;
}

export async function endGuarded(
  order: HostOrder,
  { outcome, journal, seconds }: { outcome: Outcome; journal: Journal; seconds: number },
  context: RunContext,
): Promise<HostDone> {
  const cause: HostEnding =
    outcome.kind === 'done'
      ? stepCause(journal, order.plan.tasks)
      : { result: 'failed', message: describeOutcome(outcome) };
  if (!journal.applied && outcome.kind === 'done' && !isUnsettled(journal))
    return { ending: told(order, journal, cause, context) };
  const deadlineMs = context.nowMs() + (seconds + patienceSeconds) * 1000;
  let applied = journal.applied;
  let gone = 0;
  for (;;) {
    const next = applied ? await settle(order, context) : await inspect(order, cause, context);
    if ('ending' in next) return next;
    applied ||= next.journal?.applied === true;
    if (neverBegan(order, journal, next) && ++gone >= goneEnough) return { ending: neverBeganEnding(cause) };
    if (context.nowMs() > deadlineMs)
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
export function hasBegun({ armed, begun }: Journal): boolean {
  return armed || begun.length > 0;
}

/** The confirming exec, over a connection of its own. */
async function settle(order: HostOrder, context: RunContext): Promise<HostDone | Again> {
  const remote = await openRemote(order.plan.host, context);
  if (typeof remote === 'string') return { why: `cannot get in any more: ${remote}` };
  const mark = context.nonce();
  let sight: Sight | undefined;
  let missing: HostEnding | undefined;
  const probe = probeScript(mark, order.lookTasks, context.types);
  const outcome = await remote.run(settleScript({ guardId: order.guardId, mark }, probe), {
    timeoutSeconds: context.commandTimeoutSeconds,
    answer: (stdout) => {
      if (!readJournal(mark, stdout).asked) return undefined;
      sight = readSight(mark, stdout, '');
      missing =
        sight === undefined
          ? { result: 'failed', message: 'the second look was garbled' }
          : verdict(order, sight, context);
      return missing === undefined ? 'confirm\n' : 'rollback\n';
    },
  });
  void remote.close();
  const journal = readJournal(mark, outcome.stdout);
  if (outcome.kind !== 'done' || isUnsettled(journal)) return { why: describeOutcome(outcome), journal };
  const cause = missing ?? { result: 'failed', message: 'the host was not confirmed in time' };
  return { ending: told(order, journal, cause, context), ...(sight === undefined ? {} : { sight }) };
}

/** After a connection that died during the steps: how does the host stand? */
async function inspect(order: HostOrder, cause: HostEnding, context: RunContext): Promise<HostDone | Again> {
  const before = cause.message ?? '';
  const remote = await openRemote(order.plan.host, context);
  if (typeof remote === 'string') return { why: `${before}; cannot get in: ${remote}` };
  const mark = context.nonce();
  const outcome = await remote.run(inspectScript({ guardId: order.guardId, mark }), {
    timeoutSeconds: context.commandTimeoutSeconds,
  });
  void remote.close();
  const journal = readJournal(mark, outcome.stdout);
  const sameBoot = journal.state === 'gone' && journal.bootId === order.plan.facts.bootId;
  if (outcome.kind !== 'done' || isUnsettled(journal) || sameBoot) return { why: before, journal };
  return { ending: told(order, journal, cause, context) };
}

function isUnsettled({ state }: Journal): boolean {
  return state === undefined || state === 'armed' || state === 'rolling-back';
}

/** No word of the script came back, the host knows nothing of it, and has not been rebooted since the first look. */
function neverBegan({ plan }: HostOrder, journal: Journal, next: Again): boolean {
  if (hasBegun(journal) || next.journal?.state !== 'gone') return false;
  return next.journal.bootId === plan.facts.bootId;
}

function neverBeganEnding(cause: HostEnding): HostEnding {
  return {
    ...cause,
    refused: 'unable',
    message: `${cause.message ?? ''} before the first step`,
    next: 'nothing was changed on this host',
  };
}
