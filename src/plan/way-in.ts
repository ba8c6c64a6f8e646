/**
 * The ways in beside the plan: a change that a way in rides on says so, with what happens if it breaks; one that
 * certainly cuts it makes the host unplannable unless that was allowed. Each task type judges its own changes; here
 * stands which ways there are, and what follows.
 */
import type { Facts } from '../tasks/facts.ts';
import type { Note } from '../tasks/task-type.ts';
import { forwardedWay, ownWay, type Touch, type WayIn } from '../tasks/way-in.ts';
import type { HostPlan, PlannedHost, TaskPlan } from './plan.ts';
import { type TaskTypes, typeOf } from './probe.ts';

export interface WayRules {
  /** How long the host waits for us before it rolls back; null: it does not. */
  readonly guardSeconds: number | null;
  readonly cut: 'refused' | 'allowed';
}

const hint = 'come in by another address or leave this as it is; --allow-cut does it all the same';

/** Our way to a host, and the ways to others that pass through it; `all` are the facts of every host seen. */
export function waysAmong(all: ReadonlyMap<string, Facts>): (host: string) => readonly WayIn[] {
  const behind = hostsBehind(all);
  return (host) => {
    const facts = all.get(host);
    if (facts === undefined) return [];
    const addresses = new Set(facts.interfaces.flatMap((one) => one.addresses.map(({ address }) => address)));
    const others = [...addresses].flatMap((address) => behind.get(address) ?? []);
    return [
      ...ownWay(facts),
      ...others
        .filter(({ name }) => name !== host)
        .toSorted((a, b) => a.at - b.at)
        .flatMap(({ name, theirs }) => forwardedWay(facts, { host: name, facts: theirs })),
    ];
  };
}

export function waysOf(host: string, all: ReadonlyMap<string, Facts>): readonly WayIn[] {
  return waysAmong(all)(host);
}

interface Behind {
  readonly name: string;
  readonly theirs: Facts;
  readonly at: number;
}

/** By the next hop towards us: a way leads through few hosts, and nobody is to ask all of them. */
function hostsBehind(all: ReadonlyMap<string, Facts>): ReadonlyMap<string, readonly Behind[]> {
  const behind = new Map<string, Behind[]>();
  for (const [at, [name, theirs]] of [...all].entries()) {
    const via = theirs.managementPath?.via;
    if (via == null) continue;
    const there = behind.get(via);
    if (there === undefined) behind.set(via, [{ name, theirs, at }]);
    else there.push({ name, theirs, at });
  }
  return behind;
}

/** The plan with the dangers to the ways in beside its changes, or why it is refused. */
export function heedWays(
  plan: HostPlan,
  ways: readonly WayIn[],
  { types, rules }: { readonly types: TaskTypes; readonly rules: WayRules },
): HostPlan {
  if (plan.kind === 'unplannable') return plan;
  const tasks: TaskPlan[] = [];
  for (const task of plan.tasks) {
    const touches = touchesOf(task, plan, { ways, types });
    const cut = touches.find(({ kind }) => kind === 'cuts');
    if (cut !== undefined && rules.cut === 'refused') return refused(plan, task, cut);
    const notes = touches.map((touch) => noteOf(touch, rules));
    tasks.push(notes.length === 0 ? task : { ...task, notes: [...task.notes, ...notes] });
  }
  return { ...plan, tasks };
}

/** A plan of another day without what it says of the ways in of that day. */
export function withoutWays(plan: PlannedHost, ways: readonly WayIn[], types: TaskTypes): PlannedHost {
  const tasks = plan.tasks.map((task) => {
    const old = touchesOf(task, plan, { ways, types }).map((touch) => `${wordsOf(touch)}; `);
    const notes = task.notes.filter(({ text }) => !old.some((words) => text.startsWith(words)));
    return { ...task, notes };
  });
  return { ...plan, tasks };
}

function touchesOf(
  task: TaskPlan,
  { facts }: PlannedHost,
  { ways, types }: { readonly ways: readonly WayIn[]; readonly types: TaskTypes },
): readonly Touch[] {
  if (task.changes.length === 0) return [];
  const type = typeOf(types, task.type);
  return ways.flatMap((way) => type.wayIn?.(task.from, task.to, way, facts) ?? []);
}

function refused({ host }: PlannedHost, { name, place }: TaskPlan, { text }: Touch): HostPlan {
  const why = `this would cut the way in: ${text}`;
  return { kind: 'unplannable', host, result: 'failed', why, hint, task: { name, place } };
}

function noteOf(touch: Touch, { guardSeconds }: WayRules): Note {
  const then =
    guardSeconds === null
      ? 'nothing rolls it back (--no-guard)'
      : `rolls back by itself after ${guardSeconds} s without us`;
  return { level: 'danger', text: `${wordsOf(touch)}; ${then}` };
}

function wordsOf({ kind, text }: Touch): string {
  return `${kind === 'cuts' ? 'this cuts the way in: ' : ''}${text}`;
}
