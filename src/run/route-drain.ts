/**
 * After the plays: waits for the drains that are under way, tells how many connections are left, and ends each drain
 * when nothing is left or its deadline has come. What a reader gets wrong: nothing here must happen. Whoever stops us
 * leaves hosts on which old connections stay and new ones go the new way, and the next run sees that and carries on.
 */
import { drainOf, endingPlan, type HostDrain } from '../plan/drain.ts';
import type { PlayRules } from '../plan/plan.ts';
import { openRemote, type RunContext } from './context.ts';
import { type DrainCount, gatewayLabel, openCounter } from './drain-count.ts';
import { applyHost } from './host-apply.ts';
import { finishedEvent, type HostEnding } from './host-result.ts';
import { lookAgain } from './survey.ts';

export interface OpenDrain extends HostDrain {
  readonly play: string;
  readonly rules: PlayRules;
  /** When its deadline comes, by our clock. */
  readonly deadlineMs: number;
}

/** How often connections are counted: soon in the beginning, when most of them end. */
const countEveryMs = { first: 1000, later: 3000 } as const;
const firstCounts = 10;
/** A host's falling count is told this often. */
const tellEveryMs = 10_000;
/** A host's own count must be zero this often in a row; a gateway's once. */
const hostZeros = 3;

/** Gives those that go on. */
export async function waitForRouteDrains(
  drains: readonly OpenDrain[],
  context: RunContext,
): Promise<readonly OpenDrain[]> {
  const counter = openCounter(context);
  const left: OpenDrain[] = [];
  const watches = new Map(drains.map((drain) => [drain, newWatch()]));
  for (let rounds = 0; watches.size > 0 && !context.stop.aborted; rounds += 1) {
    const counts = await counter.count([...watches.keys()]);
    await Promise.all(
      [...watches].map(async ([drain, watch]) => {
        const count = counts.get(drain) ?? { connections: null, counted: 'nowhere' };
        const over = await ending(drain, { count, watch }, context);
        if (over === 'left') left.push(drain);
        if (over !== undefined) watches.delete(drain);
      }),
    );
    if (watches.size > 0) await context.sleep(rounds < firstCounts ? countEveryMs.first : countEveryMs.later);
  }
  await counter.close();
  leaveDrains([...watches.keys()], 'interrupted', context);
  return [...left, ...watches.keys()];
}

/** Says of drains that nobody waits for any more that they stay. */
export function leaveDrains(drains: readonly OpenDrain[], message: string, context: RunContext): void {
  for (const drain of drains) tellFinished(drain, { how: 'left', connections: null, message }, context);
}

interface Watch {
  toldMs: number;
  zeros: number;
}

function newWatch(): Watch {
  return { toldMs: Number.NEGATIVE_INFINITY, zeros: 0 };
}

interface Look {
  readonly count: DrainCount;
  readonly watch: Watch;
}

/** Undefined: it is waited for. */
async function ending(
  drain: OpenDrain,
  { count, watch }: Look,
  context: RunContext,
): Promise<'ended' | 'left' | undefined> {
  const { connections, counted } = count;
  watch.zeros = connections === 0 ? watch.zeros + 1 : 0;
  if (watch.zeros >= (counted === 'gateway' ? 1 : hostZeros))
    return end(drain, { how: 'empty', connections: 0 }, context);
  const nowMs = context.nowMs();
  // A zero that is not yet believed is looked at again, deadline or not.
  if (nowMs < drain.deadlineMs || connections === 0) {
    if (nowMs - watch.toldMs >= tellEveryMs) {
      watch.toldMs = nowMs;
      tellProgress(drain, count, context);
    }
    return undefined;
  }
  if (drain.draining.atDeadline === 'cut') return end(drain, { how: 'cut', connections }, context);
  tellFinished(drain, { how: 'left', connections }, context);
  return 'left';
}

interface Finish {
  readonly how: 'empty' | 'cut' | 'left';
  readonly connections: number | null;
  readonly message?: string;
}

/** Takes the drain away under the lock and the guard: answers to whoever came in from outside move, too. */
async function end(drain: OpenDrain, finish: Finish, context: RunContext): Promise<'ended' | 'left'> {
  const done = await context.limit(() => takeAway(drain, context));
  const ended = done.result === 'changed' || done.result === 'ok';
  if (ended) tellFinished(drain, finish, context);
  else if (done.refused === 'locked' || done.result === 'unreachable')
    tellFinished(
      drain,
      { ...finish, how: 'left', message: done.message ?? 'it could not be ended' },
      context,
    );
  else context.emit(finishedEvent(drain.play, drain.host, done));
  return ended ? 'ended' : 'left';
}

async function takeAway(drain: OpenDrain, context: RunContext): Promise<HostEnding> {
  const { host, task, rules } = drain;
  const remote = await openRemote(host, context);
  if (typeof remote === 'string') return { result: 'unreachable', message: remote };
  const look = await lookAgain(remote, [task], context);
  const fresh =
    'sight' in look ? drainOf(host, task, { sight: look.sight, types: context.types }) : undefined;
  if (fresh === undefined) {
    await remote.close();
    return 'sight' in look ? { result: 'ok' } : { result: 'unreachable', message: look.why };
  }
  const plan = endingPlan(fresh, context.types);
  const order = { plan, guardId: `${context.run}.drain`, rules, lookTasks: [task], remote };
  return (await applyHost(order, context)).ending;
}

function tellProgress(drain: OpenDrain, count: DrainCount, context: RunContext): void {
  const deadline = Math.max(0, Math.round((drain.deadlineMs - context.nowMs()) / 1000));
  context.emit({
    type: 'drain-progress',
    host: drain.host,
    gateway: gatewayLabel(drain, context),
    ...count,
    deadline,
  });
}

function tellFinished(drain: OpenDrain, finish: Finish, context: RunContext): void {
  const gateway = gatewayLabel(drain, context);
  context.emit({ type: 'drain-finished', host: drain.host, gateway, ...finish });
}
