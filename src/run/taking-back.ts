/**
 * Taking confirmed hosts back when a run has failed: each by a guarded apply of the inverse, planned from a look at the
 * host now (which asks what it goes back to, a next hop for example), and looked at over a new connection afterwards.
 * The last batch goes first. A host that has moved since, that cannot be got into, or whose tasks cannot all be undone
 * is said to stand where it stands.
 */
import { planHost } from '../plan/decide.ts';
import type { PlannedHost, PlayPlan } from '../plan/plan.ts';
import type { HostTask } from '../plan/probe.ts';
import { cannotGoBack, tasksBack } from '../plan/way-back.ts';
import { openRemote, type RunContext } from './context.ts';
import { applyHost, type HostDone } from './host-apply.ts';
import type { HostEnding } from './host-result.ts';
import { lookAgain } from './survey.ts';

/** A change that this run has confirmed. */
export interface Confirmed {
  readonly play: PlayPlan;
  /** Of the play in the run, and of the batch in the play. */
  readonly playIndex: number;
  readonly batch: number;
  /** What was carried out. */
  readonly plan: PlannedHost;
}

/** Batches of changes in the order in which they go back: the last one first. */
export function backwards(confirmed: readonly Confirmed[]): readonly (readonly Confirmed[])[] {
  const batches = new Map<string, Confirmed[]>();
  for (const one of confirmed) {
    const key = `${one.playIndex}.${one.batch}`;
    batches.set(key, [...(batches.get(key) ?? []), one]);
  }
  return [...batches.values()].toReversed();
}

/** `guardId` of the way back: another word than that of the way there. */
export function backGuardId({ playIndex }: Confirmed, { run }: RunContext): string {
  return `${run}.u${playIndex + 1}`;
}

/** `lookTasks`: everything the run asks of the host. */
export async function takeBack(
  one: Confirmed,
  lookTasks: readonly HostTask[],
  context: RunContext,
): Promise<HostDone> {
  const { plan, play } = one;
  const { run, types } = context;
  const remote = await openRemote(plan.host, context);
  if (typeof remote === 'string') return notBack(`cannot get in any more: ${remote}`);
  const tasks = tasksBack(plan, { run, types });
  const look = await lookAgain(remote, tasks, context);
  const planned =
    'sight' in look
      ? planHost(plan.host, tasks, { sight: look.sight, left: new Map(), types })
      : ({ kind: 'unplannable', why: look.why, hint: undefined } as const);
  if (planned.kind === 'unplannable') {
    await remote.close();
    return notBack(planned.why, planned.hint);
  }
  const guardId = backGuardId(one, context);
  const done = await applyHost({ plan: planned, guardId, rules: play.rules, lookTasks, remote }, context);
  return { ...done, ending: endingBack(done.ending, plan, context) };
}

/** What the ending of the inverse means for the host; `plan` is what was to be undone. */
export function endingBack(ending: HostEnding, plan: PlannedHost, { types }: RunContext): HostEnding {
  const stays = cannotGoBack(plan, types);
  if (ending.result === 'unknown') return { ...ending, message: `taking back: ${ending.message ?? ''}` };
  if (ending.result !== 'changed') return notBack(ending.message ?? ending.result, ending.next).ending;
  if (stays.length === 0)
    return {
      result: 'rolled-back',
      message: 'taken back, verified',
      next: 'the host is as it was before the run',
    };
  return {
    result: 'failed',
    message: `taken back, but not all of it can be undone: ${stays.join('; ')}`,
    next: 'look at what is left on the host',
  };
}

function notBack(why: string, next = 'the change stands on this host'): HostDone {
  return { ending: { result: 'failed', message: `not taken back: ${why}`, next } };
}
