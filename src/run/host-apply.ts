/**
 * The life of one host in one play: guarded apply, a NEW connection, a fresh look, confirm or rollback. What a reader
 * gets wrong: a lost connection here is a normal ending; the host finishes alone and we come back to ask how.
 */
import { applyScript } from '../guard/apply-script.ts';
import type { GuardOrder } from '../guard/guard-order.ts';
import { type Journal, readJournal } from '../guard/journal.ts';
import type { PlannedHost, PlayRules } from '../plan/plan.ts';
import { type HostTask, type Sight, typeOf } from '../plan/probe.ts';
import type { Outcome, Remote } from '../remote/remote.ts';
import { openRemote, type RunContext } from './context.ts';
import { type HostEnding, refusedEnding } from './host-result.ts';
import { endGuarded, hasBegun, told, verdict } from './host-settle.ts';
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
  /** The look that the plan was made from, where it is at hand. */
  readonly sight?: Sight | undefined;
}

export interface HostDone {
  readonly ending: HostEnding;
  /** The host as it was seen after the change. */
  readonly sight?: Sight;
  /** What was carried out, where something was to change. */
  readonly plan?: PlannedHost;
}

export async function applyHost(order: HostOrder, context: RunContext): Promise<HostDone> {
  const opened = order.remote ?? (await openRemote(order.plan.host, context));
  if (typeof opened === 'string') return { ending: { result: 'unreachable', message: opened } };
  const seconds = guardSeconds(order, context);
  const mark = context.nonce();
  const tell = teller(order, seconds, context);
  const outcome = await opened.run(
    applyScript(guardOrder(order, { mark, seconds }, context), context.types),
    {
      timeoutSeconds: (seconds ?? 0) + context.commandTimeoutSeconds,
      answer: (stdout) => tell(readJournal(mark, stdout)),
    },
  );
  const journal = readJournal(mark, outcome.stdout);
  tell(journal);
  noteLeftovers(order.plan.host, journal, context);
  const untouched = untouchedEnding(order, { outcome, journal }, context);
  if (untouched === undefined && seconds === null && outcome.kind === 'done' && journal.state === 'confirmed')
    return endUnguarded(order, { remote: opened, journal }, context);
  void opened.close();
  if (untouched !== undefined) return { ending: untouched };
  return endGuarded(order, { outcome, journal, seconds: seconds ?? context.commandTimeoutSeconds }, context);
}

/** The plan of a host without changes whose promises must hold now. */
export async function verifyHost(order: HostOrder, context: RunContext): Promise<HostDone> {
  const opened = order.remote ?? (await openRemote(order.plan.host, context));
  if (typeof opened === 'string') return { ending: { result: 'unreachable', message: opened } };
  const look = await lookAgain(opened, order.lookTasks, context);
  await opened.close();
  if (!('sight' in look)) return { ending: { result: look.result, message: look.why } };
  return { ending: verdict(order, look.sight, context) ?? { result: 'ok' }, sight: look.sight };
}

/** What steps wait on purpose is not taken from the time for the confirm. */
function guardSeconds({ plan, rules }: HostOrder, { guard, types }: RunContext): number | null {
  const changing = plan.tasks.filter(({ changes }) => changes.length > 0);
  const touches = changing.some(({ type }) => typeOf(types, type).touches === 'reachability');
  if (guard !== 'on' || !touches) return null;
  const waits = changing.map(({ type, from, to }) => typeOf(types, type).waitsSeconds?.(from, to) ?? 0);
  return waits.reduce((sum, seconds) => sum + seconds, rules.confirmTimeoutSeconds);
}

function guardOrder(
  { guardId, plan, sight }: HostOrder,
  { mark, seconds }: { readonly mark: string; readonly seconds: number | null },
  context: RunContext,
): GuardOrder {
  return {
    guardId,
    owner: context.owner,
    mark,
    tasks: plan.tasks,
    facts: plan.facts,
    confirmTimeoutSeconds: seconds,
    now: Math.floor(context.nowMs() / 1000),
    looked: new Map([...(sight?.outputs ?? [])].map(([id, { stdout }]) => [id, stdout])),
    ...(context.breakLock === undefined ? {} : { breakLock: context.breakLock }),
  };
}

/** Tells each thing that the host says once, as soon as it has said it. */
function teller(
  { plan }: HostOrder,
  seconds: number | null,
  context: RunContext,
): (journal: Journal) => undefined {
  let armed = false;
  let ended = 0;
  return (journal) => {
    if (journal.armed && !armed) {
      armed = true;
      context.emit({ type: 'guard-armed', host: plan.host, seconds: seconds ?? 0 });
    }
    for (const { task: id, code } of journal.ended.slice(ended)) {
      ended += 1;
      const task = plan.tasks.find((candidate) => candidate.id === id);
      context.emit({ type: 'task-finished', host: plan.host, task: task?.name ?? id, code });
    }
  };
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

/** An apply that certainly changed nothing: refused by the host, or over before the first step. */
function untouchedEnding(
  { plan }: HostOrder,
  { outcome, journal }: { readonly outcome: Outcome; readonly journal: Journal },
  context: RunContext,
): HostEnding | undefined {
  if (journal.refusal !== undefined) return refusedEnding(journal.refusal, plan.tasks, context);
  const next = 'nothing was changed on this host';
  if (outcome.kind === 'not-started')
    return { result: 'failed', refused: 'unable', message: outcome.cause, next: outcome.hint ?? next };
  if (outcome.kind === 'done' && !journal.done && !hasBegun(journal))
    return { result: 'failed', refused: 'unable', message: describeOutcome(outcome), next };
  return undefined;
}

async function endUnguarded(
  order: HostOrder,
  { remote, journal }: { remote: Remote; journal: Journal },
  context: RunContext,
): Promise<HostDone> {
  const look = await lookAgain(remote, order.lookTasks, context);
  await remote.close();
  const ending = told(order, journal, { result: 'failed' }, context);
  if ('sight' in look)
    return {
      ending: ending.result === 'changed' ? (verdict(order, look.sight, context) ?? ending) : ending,
      sight: look.sight,
    };
  return { ending: { result: 'unknown', message: `changed, but not seen again: ${look.why}` } };
}
