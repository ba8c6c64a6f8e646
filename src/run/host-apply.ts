/**
 * The life of one host in one play: guarded apply, a NEW connection, a fresh look, confirm or rollback. What a reader
 * gets wrong: a lost connection here is a normal ending; the host finishes alone and we come back to ask how.
 */
import { applyScript } from '../guard/apply-script.ts';
import { type Journal, readJournal } from '../guard/journal.ts';
import { inspectScript, settleScript } from '../guard/settle-script.ts';
import { shortfalls } from '../plan/decide.ts';
import type { PlannedHost, PlayRules } from '../plan/plan.ts';
import { type HostTask, probeScript, readSight, type Sight, typeOf } from '../plan/probe.ts';
import type { Outcome, Remote } from '../remote/remote.ts';
import { type RunContext, targetOf } from './context.ts';
import { type HostEnding, refusedEnding, settledEnding, stepCause } from './host-result.ts';
import { describeOutcome, lookAgain } from './survey.ts';

export interface HostOrder {
  readonly plan: PlannedHost;
  /** `<run>.<play>`: a host that is in two plays of a run has a guard for each. */
  readonly guardId: string;
  /** Everything the run will ask of the host: looked at again after the change, for the plays to come. */
  readonly lookTasks: readonly HostTask[];
  readonly rules: PlayRules;
  /** The survey's connection; a new one is opened when there is none. */
  readonly remote: Remote | undefined;
}

export interface HostDone {
  readonly ending: HostEnding;
  /** The host as it was seen after the change. */
  readonly sight?: Sight;
}

/** Patience beyond the guard's timer: a busy host counts slower than we do. */
const patienceSeconds = 20;

export async function applyHost(order: HostOrder, context: RunContext): Promise<HostDone> {
  const opened = order.remote ?? (await open(order.plan.host, context));
  if (typeof opened === 'string') return { ending: { result: 'unreachable', message: opened } };
  const seconds = guardSeconds(order, context);
  const mark = context.nonce();
  const script = applyScript(
    {
      guardId: order.guardId,
      owner: context.owner,
      mark,
      tasks: order.plan.tasks,
      confirmTimeoutSeconds: seconds,
      now: Math.floor(context.nowMs() / 1000),
    },
    context.types,
  );
  const outcome = await opened.run(script, {
    timeoutSeconds: (seconds ?? 0) + context.commandTimeoutSeconds,
  });
  const journal = readJournal(mark, outcome.stdout);
  tell(order, journal, context);
  if (journal.refusal !== undefined) {
    await opened.close();
    return { ending: refusedEnding(journal.refusal, order.plan.tasks) };
  }
  if (outcome.kind === 'done' && !journal.done) {
    await opened.close();
    return {
      ending: {
        result: 'failed',
        refused: 'unable',
        message: describeOutcome(outcome),
        next: 'nothing was changed on this host',
      },
    };
  }
  if (seconds === null && outcome.kind === 'done')
    return endUnguarded(order, { remote: opened, journal }, context);
  void opened.close();
  return endGuarded(order, { outcome, journal, seconds: seconds ?? 0 }, context);
}

/** The plan of a host without changes whose checks must hold now. */
export async function verifyHost(order: HostOrder, context: RunContext): Promise<HostDone> {
  const opened = order.remote ?? (await open(order.plan.host, context));
  if (typeof opened === 'string') return { ending: { result: 'unreachable', message: opened } };
  const look = await lookAgain(opened, order.lookTasks, context);
  await opened.close();
  if (!('sight' in look)) return { ending: { result: look.result, message: look.why } };
  return { ending: verdict(order, look.sight, context) ?? { result: 'ok' }, sight: look.sight };
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

function guardSeconds({ plan, rules }: HostOrder, { guard, types }: RunContext): number | null {
  const touches = plan.tasks.some(
    ({ type, changes }) => changes.length > 0 && typeOf(types, type).touches === 'reachability',
  );
  return guard === 'on' && touches ? rules.confirmTimeoutSeconds : null;
}

async function endUnguarded(
  order: HostOrder,
  { remote, journal }: { remote: Remote; journal: Journal },
  context: RunContext,
): Promise<HostDone> {
  if (journal.state !== 'confirmed') {
    await remote.close();
    return { ending: settledEnding(journal.state, stepCause(journal, order.plan.tasks)) };
  }
  const look = await lookAgain(remote, order.lookTasks, context);
  await remote.close();
  if (!('sight' in look)) return { ending: { result: look.result, message: look.why } };
  return { ending: verdict(order, look.sight, context) ?? { result: 'changed' }, sight: look.sight };
}

async function endGuarded(
  order: HostOrder,
  applied: { outcome: Outcome; journal: Journal; seconds: number },
  context: RunContext,
): Promise<HostDone> {
  const { journal, seconds, outcome } = applied;
  const cause: HostEnding =
    outcome.kind === 'done'
      ? stepCause(journal, order.plan.tasks)
      : { result: 'failed', message: describeOutcome(outcome) };
  if (!journal.applied && outcome.kind === 'done') return { ending: told(order, journal, cause, context) };
  const deadlineMs = context.nowMs() + (seconds + patienceSeconds) * 1000;
  for (;;) {
    const settled = journal.applied ? await settle(order, context) : await inspect(order, cause, context);
    if ('ending' in settled) return settled;
    if (context.nowMs() > deadlineMs)
      return { ending: settledEnding(settled.state, { ...cause, message: settled.why }) };
    await context.sleep(1000);
  }
}

type Again = { readonly again: true; readonly why: string; readonly state?: Journal['state'] };

/** The confirming exec, over a connection of its own. */
async function settle(order: HostOrder, context: RunContext): Promise<HostDone | Again> {
  const remote = await open(order.plan.host, context);
  if (typeof remote === 'string') return { again: true, why: `cannot get in any more: ${remote}` };
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
  if (outcome.kind !== 'done' || unsettled(journal))
    return { again: true, why: describeOutcome(outcome), state: journal.state };
  const cause = missing ?? { result: 'failed', message: 'the host was not confirmed in time' };
  return { ending: told(order, journal, cause, context), ...(sight === undefined ? {} : { sight }) };
}

/** After a connection that died during the steps: how does the host stand? It is left to its own rollback. */
async function inspect(order: HostOrder, cause: HostEnding, context: RunContext): Promise<HostDone | Again> {
  const remote = await open(order.plan.host, context);
  if (typeof remote === 'string')
    return { again: true, why: `${cause.message ?? ''}; cannot get in: ${remote}` };
  const mark = context.nonce();
  const outcome = await remote.run(inspectScript({ guardId: order.guardId, mark }), {
    timeoutSeconds: context.commandTimeoutSeconds,
  });
  void remote.close();
  const journal = readJournal(mark, outcome.stdout);
  if (outcome.kind !== 'done' || unsettled(journal))
    return { again: true, why: cause.message ?? '', state: journal.state };
  return { ending: told(order, journal, cause, context) };
}

function unsettled({ state }: Journal): boolean {
  return state === undefined || state === 'armed' || state === 'rolling-back';
}

function told(order: HostOrder, journal: Journal, cause: HostEnding, context: RunContext): HostEnding {
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

function tell({ plan }: HostOrder, journal: Journal, context: RunContext): void {
  for (const { task: id, code } of journal.ended) {
    const task = plan.tasks.find((candidate) => candidate.id === id);
    context.emit({ type: 'task-finished', host: plan.host, task: task?.name ?? id, code });
  }
}

async function open(host: string, context: RunContext): Promise<Remote | string> {
  const connection = await context.connector.connect(targetOf(context, host));
  return connection.ok ? connection.remote : connection.failure.message;
}
