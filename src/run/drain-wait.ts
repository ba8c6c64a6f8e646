/**
 * After the plays: hosts on which something waits for connections to end are looked at until it can go, side by side,
 * each up to its own deadline. What a reader gets wrong: nothing is held open or armed meanwhile. Every change is
 * confirmed by now, and a run that is killed here leaves a host that the next apply carries on with.
 */
import { planHost } from '../plan/decide.ts';
import { hasChanges, type Plan, type PlannedHost, type TaskPlan } from '../plan/plan.ts';
import { type Sight, typeOf } from '../plan/probe.ts';
import { heedWays, waysOf } from '../plan/way-in.ts';
import type { PlayRules } from '../playbook/rules.ts';
import type { Remote } from '../remote/remote.ts';
import type { Waiting } from '../tasks/task-type.ts';
import { openRemote, type RunContext } from './context.ts';
import { applyHost } from './host-apply.ts';
import { finishedEvent, type HostEnding } from './host-result.ts';
import { wayRules } from './plan-fleet.ts';
import { lookAgain } from './survey.ts';

/** Often enough that nobody waits for us, seldom enough that a table of 400,000 entries can be counted each time. */
const lookSeconds = 2;
/** A number that changes is told this often at most. */
const tellSeconds = 10;

interface Wait {
  readonly host: string;
  readonly play: string;
  readonly rules: PlayRules;
  readonly task: TaskPlan;
}

interface Look {
  readonly plan: PlannedHost;
  readonly waiting: Waiting | undefined;
}

/** `fine` are the hosts that have come through all plays; only they are waited for. */
export async function waitForDrains(
  plan: Plan,
  fine: ReadonlySet<string>,
  context: RunContext,
): Promise<void> {
  const waits = plan.plays.flatMap((play) =>
    play.hosts.flatMap((host): readonly Wait[] =>
      host.kind === 'planned' && fine.has(host.host)
        ? waitsOf(host, context).map((task) => ({
            host: host.host,
            play: play.name,
            rules: play.rules,
            task,
          }))
        : [],
    ),
  );
  const hosts = [...new Set(waits.map(({ host }) => host))];
  await Promise.all(
    hosts.map((host) =>
      context.limit(() =>
        hostWaits(
          waits.filter((wait) => wait.host === host),
          plan,
          context,
        ),
      ),
    ),
  );
}

/** A run that has changed nothing on a host has only to look, unless it is the deadline that decides. */
function waitsOf(host: PlannedHost, { types }: RunContext): readonly TaskPlan[] {
  return host.tasks.filter((task) => {
    const waiting = typeOf(types, task.type).waiting?.(task.to, { kind: 'absent' }, task.args);
    return waiting !== undefined && (hasChanges(host) || waiting.atDeadline !== undefined);
  });
}

async function hostWaits(waits: readonly Wait[], { plays }: Plan, context: RunContext): Promise<void> {
  let guards = plays.length;
  for (const wait of waits) {
    const startMs = context.nowMs();
    for (let going = true; going && !context.stop.aborted; ) {
      const ending = await nextStep(wait, { startMs, guardId: `${context.run}.${guards + 1}` }, context);
      guards += 1;
      going = ending?.result === 'changed';
      if (ending !== undefined) context.emit(finishedEvent(wait.play, wait.host, ending));
    }
  }
}

interface Since {
  readonly startMs: number;
  readonly guardId: string;
}

/** Waits until something can go, or the time is over, and does what is to be done. Undefined: nothing more to do. */
async function nextStep(
  wait: Wait,
  { startMs, guardId }: Since,
  context: RunContext,
): Promise<HostEnding | undefined> {
  const remote = await openRemote(wait.host, context);
  if (typeof remote === 'string') {
    tellAway(wait, remote, context);
    return undefined;
  }
  const look = await watch(wait, { startMs, remote }, context);
  const end = { guardId, remote };
  if (typeof look === 'string') {
    tellAway(wait, look, context);
    return undefined;
  }
  if (hasChanges(look.plan)) return finish(wait, { ...end, plan: look.plan, how: 'ended' }, context);
  if (look.waiting !== undefined) return atDeadline(wait, { ...end, waiting: look.waiting }, context);
  await remote.close();
  return undefined;
}

/** Looks until there is something to change or nothing to wait for; at the deadline it gives what it sees then. */
async function watch(
  wait: Wait,
  { startMs, remote }: { readonly startMs: number; readonly remote: Remote },
  context: RunContext,
): Promise<Look | string> {
  const tell = teller(wait, context);
  for (;;) {
    const look = await lookAt(wait, remote, context);
    if (typeof look === 'string' || look.waiting === undefined || hasChanges(look.plan)) return look;
    const left = look.waiting.seconds - (context.nowMs() - startMs) / 1000;
    tell(look.waiting, Math.max(0, Math.ceil(left)));
    if (left <= 0 || context.stop.aborted) return look;
    await context.sleep(Math.min(lookSeconds, left) * 1000);
  }
}

/** Tells a number at first, and when it has changed, but not at every look. */
function teller({ host, task }: Wait, context: RunContext): (waiting: Waiting, secondsLeft: number) => void {
  let last: { readonly atMs: number; readonly connections: number | null } | undefined;
  return ({ what, connections }, secondsLeft) => {
    const now = context.nowMs();
    if (last !== undefined && (last.connections === connections || now - last.atMs < tellSeconds * 1000))
      return;
    last = { atMs: now, connections };
    context.emit({ type: 'draining', host, task: task.name, what, connections, secondsLeft });
  };
}

/** A look that says what is to be done now, or in words why there is none. */
async function lookAt(wait: Wait, remote: Remote, context: RunContext): Promise<Look | string> {
  const look = await lookAgain(remote, [wait.task], context);
  if (!('sight' in look)) return look.why;
  return planNow(wait, look.sight, context);
}

function planNow({ host, task, rules }: Wait, sight: Sight, context: RunContext): Look | string {
  const { types } = context;
  const bare = planHost(host, [task], { sight, left: new Map(), types });
  const ways = waysOf(host, new Map([[host, sight.facts]]));
  const plan = heedWays(bare, ways, { types, rules: wayRules(rules, context) });
  if (plan.kind === 'unplannable') return plan.why;
  const type = typeOf(types, task.type);
  const output = sight.outputs.get(task.id);
  const [made] = plan.tasks;
  if (output === undefined || made === undefined) return 'the host did not answer the look at this task';
  return { plan, waiting: type.waiting?.(made.to, type.read(output, task.args), task.args) };
}

interface End {
  readonly waiting: Waiting;
  readonly guardId: string;
  readonly remote: Remote;
}

/** The time is over: what is left is cut, if that is wanted, or left to a later run. */
async function atDeadline(
  wait: Wait,
  { waiting, guardId, remote }: End,
  context: RunContext,
): Promise<HostEnding | undefined> {
  const { atDeadline: args, what, connections } = waiting;
  if (args !== undefined && !context.stop.aborted) {
    const look = await lookAt({ ...wait, task: { ...wait.task, args } }, remote, context);
    if (typeof look === 'string') {
      tellAway(wait, look, context);
      return undefined;
    }
    return finish(wait, { plan: look.plan, guardId, remote, how: 'cut', connections }, context);
  }
  await remote.close();
  const { host, task } = wait;
  context.emit({ type: 'drained', host, task: task.name, what, how: 'left', connections });
  return undefined;
}

interface Finish {
  readonly plan: PlannedHost;
  readonly guardId: string;
  readonly remote: Remote;
  readonly how: 'ended' | 'cut';
  readonly connections?: number | null;
}

async function finish(wait: Wait, end: Finish, context: RunContext): Promise<HostEnding> {
  const { plan, guardId, remote, how, connections = 0 } = end;
  const order = { plan, guardId, remote, rules: wait.rules, lookTasks: plan.tasks };
  const { ending } = await applyHost(order, context);
  const { host, task } = wait;
  const what = plan.tasks.flatMap(({ changes }) => changes.map(({ from, name }) => from ?? name)).join(', ');
  if (ending.result === 'changed')
    context.emit({ type: 'drained', host, task: task.name, what, how, connections });
  return ending;
}

/** The plays were confirmed, so a host that does not answer now has lost nothing. */
function tellAway({ host, task }: Wait, why: string, context: RunContext): void {
  const message = `${task.name}: what drains could not be looked at (${why}); the next apply carries on`;
  context.emit({ type: 'note', host, message });
}
