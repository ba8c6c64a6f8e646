/**
 * The life of one host in one play: guarded apply, a NEW connection, a fresh look, confirm or rollback. What a reader
 * gets wrong: a lost connection here is a normal ending; the host finishes alone and we come back to ask how
 * (`host-contact.ts`).
 */
import { applyScript } from '../guard/apply-script.ts';
import { type Journal, readJournal } from '../guard/journal.ts';
import type { PlannedHost, PlayRules } from '../plan/plan.ts';
import { type HostTask, type Sight, typeOf } from '../plan/probe.ts';
import type { Outcome, Remote } from '../remote/remote.ts';
import type { RunContext } from './context.ts';
import { comeBack, isSettled, openHost, told, verdict } from './host-contact.ts';
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

export async function applyHost(order: HostOrder, context: RunContext): Promise<HostDone> {
  const opened = order.remote ?? (await openHost(order.plan.host, context));
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
      ...(context.breakLock === undefined ? {} : { breakLock: context.breakLock }),
    },
    context.types,
  );
  const telling = new Telling({ order, mark, seconds, context });
  const outcome = await opened.run(script, {
    timeoutSeconds: (seconds ?? 0) + context.commandTimeoutSeconds,
    // Never an answer; this is how the journal is heard while it is written.
    answer: (stdout) => telling.hear(stdout),
  });
  telling.hear(outcome.stdout);
  const journal = readJournal(mark, outcome.stdout);
  noteLeftovers(order.plan.host, journal, context);
  if (journal.refusal !== undefined) {
    await opened.close();
    return { ending: refusedEnding(journal.refusal, order.plan.tasks) };
  }
  if (outcome.kind === 'not-started' || (outcome.kind === 'done' && !journal.done && !journal.ready)) {
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
  return endGuarded(order, { outcome, journal, seconds: seconds ?? context.commandTimeoutSeconds }, context);
}

/** The plan of a host without changes whose checks must hold now. */
export async function verifyHost(order: HostOrder, context: RunContext): Promise<HostDone> {
  const opened = order.remote ?? (await openHost(order.plan.host, context));
  if (typeof opened === 'string') return { ending: { result: 'unreachable', message: opened } };
  const look = await lookAgain(opened, order.lookTasks, context);
  await opened.close();
  if (!('sight' in look)) return { ending: { result: look.result, message: look.why } };
  return { ending: verdict(order, look.sight, context) ?? { result: 'ok' }, sight: look.sight };
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
  if (!journal.applied && isSettled(journal))
    return { ending: told(order.plan.host, journal, cause, context) };
  return comeBack({ ...order, seconds, before: journal, cause }, context);
}

/** Says what the host says, as it says it: who is killed here must have told how far the host had come. */
class Telling {
  private armed = false;
  private ended = 0;
  private readonly about: Told;

  constructor(about: Told) {
    this.about = about;
  }

  hear(stdout: string): undefined {
    const { order, mark, seconds, context } = this.about;
    const { host, tasks } = order.plan;
    const journal = readJournal(mark, stdout);
    if (journal.armed && !this.armed) context.emit({ type: 'guard-armed', host, seconds: seconds ?? 0 });
    this.armed ||= journal.armed;
    for (const { task: id, code } of journal.ended.slice(this.ended)) {
      const task = tasks.find((candidate) => candidate.id === id);
      context.emit({ type: 'task-finished', host, task: task?.name ?? id, code });
    }
    this.ended = journal.ended.length;
  }
}

interface Told {
  readonly order: HostOrder;
  readonly mark: string;
  readonly seconds: number | null;
  readonly context: RunContext;
}

function noteLeftovers(host: string, { leftovers }: Journal, context: RunContext): void {
  for (const { run, how } of leftovers) {
    const message =
      how === 'broke'
        ? `the lock of run ${run} was stale and has been broken`
        : `run ${run} had ended here without taking its lock away`;
    context.emit({ type: 'note', host, message });
  }
}
