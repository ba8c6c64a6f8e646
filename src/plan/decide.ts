/**
 * wanted x seen -> changes, for one host. Later tasks see the state that earlier ones will leave: `left` carries the
 * predicted state of each object from task to task and from play to play.
 */

import type { Facts } from '../tasks/facts.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { Json, Note, Observation } from '../tasks/task-type.ts';
import { bootChanges } from './boot.ts';
import { cksum } from './cksum.ts';
import { differenceText } from './difference.ts';
import type { HostPlan, TaskPlan } from './plan.ts';
import { type HostTask, type Sight, type TaskTypes, typeOf } from './probe.ts';
import { wantedBack } from './way-back.ts';

/** What earlier tasks will have left, by object. */
export type Left = Map<string, Json>;

type Decision = TaskPlan | Refusal;

interface Refusal {
  readonly why: string;
  readonly hint?: string;
  readonly stale?: true;
}

/** The plan of one host in one play. `left` is added to. */
export function planHost(
  host: string,
  tasks: readonly HostTask[],
  seen: { sight: Sight; left: Left; types: TaskTypes },
): HostPlan {
  const plans: TaskPlan[] = [];
  for (const task of tasks) {
    const decision = discreet(task, decide(task, seen));
    if ('why' in decision) {
      return {
        kind: 'unplannable',
        host,
        result: 'failed',
        ...decision,
        task: { name: task.name, place: task.place },
      };
    }
    plans.push(decision);
    if (typeOf(seen.types, task.type).verifyOnly !== true) seen.left.set(decision.object, decision.to);
  }
  return { kind: 'planned', host, facts: seen.sight.facts, tasks: plans };
}

/** Which tasks of a play are not in the state that the plan promised, with what is different. */
export function shortfalls(tasks: readonly TaskPlan[], sight: Sight, types: TaskTypes): readonly Shortfall[] {
  const last = new Map(tasks.map((task) => [task.object, task.id]));
  return tasks.flatMap((task) => {
    const type = typeOf(types, task.type);
    if (type.verifyOnly !== true && last.get(task.object) !== task.id) return [];
    const why = shortfall(task, type, sight);
    if (why === undefined) return [];
    return [
      { task, why: task.secret === undefined ? why : `it is not as planned; how is hidden (${task.secret})` },
    ];
  });
}

/** Whether every object of the play looks as the plan first saw it. */
export function asBefore(tasks: readonly TaskPlan[], sight: Sight, types: TaskTypes): boolean {
  const seen = new Set<string>();
  return tasks.every((task) => {
    const type = typeOf(types, task.type);
    if (type.verifyOnly === true || seen.has(task.object)) return true;
    seen.add(task.object);
    const output = sight.outputs.get(task.id);
    const now = output === undefined ? undefined : type.read(output, task.args);
    if (now === undefined || now.kind === 'unknown') return false;
    return type.changes(now.kind === 'present' ? now.state : null, task.from).length === 0;
  });
}

export interface Shortfall {
  readonly task: TaskPlan;
  readonly why: string;
}

/** What a host or a type says of a task with a secret may hold it. */
function discreet({ secret }: HostTask, decision: Decision): Decision {
  if (secret === undefined) return decision;
  if ('why' in decision) return { why: `it cannot be planned; why is hidden (${secret})` };
  return { ...decision, notes: decision.notes.filter(({ level }) => level !== 'info') };
}

function decide(
  task: HostTask,
  { sight, left, types }: { sight: Sight; left: Left; types: TaskTypes },
): Decision {
  const type = typeOf(types, task.type);
  const output = sight.outputs.get(task.id);
  if (output === undefined) return { why: 'the host did not answer the look at this task' };
  const object = type.object(task.args);
  const observed = type.verifyOnly === true ? undefined : left.get(object);
  const observation = observed === undefined ? type.read(output, task.args) : asObservation(observed);
  if (observation.kind === 'unknown') return { why: observation.why };
  const wanted = wantedOf(task, { observation, type, facts: sight.facts });
  if (wanted.kind === 'refused') return refusal(wanted);
  const from = observation.kind === 'present' ? observation.state : null;
  const changes = type.verifyOnly === true ? [] : type.changes(from, wanted.state);
  const forgotten = task.forgotten === undefined ? {} : { forgotten: task.forgotten };
  const booted = task.back === undefined ? {} : { booted: task.back.booted };
  const ends = { args: task.args, from, to: wanted.state, ...forgotten, ...booted };
  const boot = type.verifyOnly === true ? [] : bootChanges(ends, type, sight.facts);
  return {
    id: task.id,
    type: task.type,
    name: task.name,
    place: task.place,
    object,
    ...ends,
    changes,
    ...(boot.length === 0 ? {} : { boot }),
    notes: [...(wanted.notes ?? []), ...(changes.length > 0 ? undoNotes(type) : [])],
    seen: cksum(output.stdout),
    ...(task.secret === undefined ? {} : { secret: task.secret }),
  };
}

interface Seen {
  readonly observation: Observation<Json>;
  readonly type: AnyTaskType;
  readonly facts: Facts;
}

function wantedOf(task: HostTask, { observation, type, facts }: Seen): ReturnType<typeof wantedBack> {
  if (task.back !== undefined) return wantedBack(task.back, observation, type);
  return task.absent === true ? { kind: 'state', state: null } : type.desired(task.args, observation, facts);
}

function refusal({ why, stale }: { readonly why: string; readonly stale?: true }): Refusal {
  if (stale === undefined) return { why };
  const hint =
    'a later run or a person has changed it: take that back first, or bring it to what you want with apply';
  return { why, stale, hint };
}

function asObservation(state: Json): Observation<Json> {
  return state === null ? { kind: 'absent' } : { kind: 'present', state };
}

function undoNotes(type: AnyTaskType): readonly Note[] {
  return type.undo === 'turned'
    ? []
    : [{ level: 'warning', text: `cannot be undone: ${type.undo.impossible}` }];
}

function shortfall(task: TaskPlan, type: AnyTaskType, sight: Sight): string | undefined {
  const output = sight.outputs.get(task.id);
  if (output === undefined) return 'the host did not answer the second look';
  const observation = type.read(output, task.args);
  if (observation.kind === 'unknown') return observation.why;
  const now = observation.kind === 'present' ? observation.state : null;
  if (type.verifyOnly !== true) {
    return differenceText(type, now, task.to);
  }
  const wanted = type.desired(task.args, observation, sight.facts);
  if (wanted.kind === 'refused') return wanted.why;
  return JSON.stringify(now) === JSON.stringify(wanted.state) ? undefined : describeCheck(now);
}

function describeCheck(now: Json): string {
  if (typeof now === 'object' && now !== null && 'why' in now && typeof now['why'] === 'string')
    return now['why'];
  return 'the check failed';
}
