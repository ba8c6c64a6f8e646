/**
 * The turn of one host in one play: which plan is carried out there (the approved one, or a fresh one that comes to
 * the same where an earlier play has changed the host), and what is looked at where nothing is to change.
 */
import { planHost, shortfalls } from '../plan/decide.ts';
import { hasChanges, type PlannedHost, type PlayRules } from '../plan/plan.ts';
import { type HostTask, type Sight, typeOf } from '../plan/probe.ts';
import { heedWays, waysOf } from '../plan/way-in.ts';
import type { RunContext } from './context.ts';
import { applyHost, type HostDone, type HostOrder, verifyHost } from './host-apply.ts';
import { verdict } from './host-settle.ts';
import { wayRules } from './plan-fleet.ts';
import type { Survey } from './survey.ts';

export interface Turn {
  /** As the person saw it. */
  readonly approved: PlannedHost;
  /** `<run>.<play>`: a host that is in two plays of a run has a guard for each. */
  readonly guardId: string;
  readonly rules: PlayRules;
  /** The tasks of this play on this host. */
  readonly tasks: readonly HostTask[];
  /** Those of every play: what is looked at after the change. */
  readonly lookTasks: readonly HostTask[];
  readonly survey: Survey | undefined;
  /** The newest look of this run, when an earlier play has changed the host. */
  readonly sight: Sight | undefined;
  /** Whether this run has changed any host: then a look from before says nothing any more. */
  readonly since: 'nothing changed' | 'something changed';
}

export async function takeTurn(turn: Turn, context: RunContext): Promise<HostDone> {
  const plan = freshPlan(turn, context);
  if (typeof plan === 'string')
    return { ending: { result: 'failed', refused: 'stale', message: plan, next: 'make a new plan' } };
  const { survey } = turn;
  const kept = survey?.kind === 'seen' && hasChanges(plan) && turn.sight === undefined;
  const { guardId, rules, lookTasks } = turn;
  const sight = turn.sight ?? (survey?.kind === 'seen' ? survey.sight : undefined);
  const order = { plan, guardId, rules, lookTasks, remote: kept ? survey.remote : undefined, sight };
  if (hasChanges(plan)) return { ...(await applyHost(order, context)), plan };
  return unchanged(order, turn, context);
}

/** Nothing to change here; what the plan promised, its checks included, must hold. */
async function unchanged(order: HostOrder, turn: Turn, context: RunContext): Promise<HostDone> {
  const { survey, since } = turn;
  const sight = turn.sight ?? (survey?.kind === 'seen' ? survey.sight : undefined);
  if (sight === undefined) return verified(order, context);
  const checks = order.plan.tasks.some(({ type }) => typeOf(context.types, type).verifyOnly === true);
  if (!checks) return { ending: { result: 'ok' } };
  if (since === 'something changed') return verifyHost(order, context);
  return { ending: verdict(order, sight, context) ?? { result: 'ok' } };
}

/** A saved plan that promised "no change" for a host that nobody has looked at in this run. */
async function verified(order: HostOrder, context: RunContext): Promise<HostDone> {
  const done = await verifyHost(order, context);
  if (done.sight === undefined || done.ending.result === 'ok') return done;
  const drifted = shortfalls(order.plan.tasks, done.sight, context.types).some(
    ({ task }) => typeOf(context.types, task.type).verifyOnly !== true,
  );
  return drifted ? { ...done, ending: { ...done.ending, refused: 'stale', next: 'make a new plan' } } : done;
}

/** A host that an earlier play has changed is planned again from its newest sight; it must come to the same changes. */
function freshPlan({ approved, sight, tasks, rules }: Turn, context: RunContext): PlannedHost | string {
  if (sight === undefined) return approved;
  const { types } = context;
  const planned = planHost(approved.host, tasks, { sight, left: new Map(), types });
  const ways = waysOf(approved.host, new Map([[approved.host, sight.facts]]));
  const fresh = heedWays(planned, ways, { types, rules: wayRules(rules, context) });
  if (fresh.kind === 'unplannable') return fresh.why;
  const same =
    JSON.stringify(fresh.tasks.map(({ to }) => to)) === JSON.stringify(approved.tasks.map(({ to }) => to));
  return same ? fresh : 'the host has moved between two plays of this run';
}
