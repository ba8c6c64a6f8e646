/** Drains that are under way on a host as it was last seen, and the plan that ends one. */
import type { Facts } from '../tasks/facts.ts';
import type { Draining, Json } from '../tasks/task-type.ts';
import { cksum } from './cksum.ts';
import type { PlannedHost } from './plan.ts';
import { type HostTask, type Sight, type TaskTypes, typeOf } from './probe.ts';

export interface HostDrain {
  readonly host: string;
  readonly facts: Facts;
  readonly task: HostTask;
  readonly state: Json;
  /** POSIX cksum of the look that it was seen in. */
  readonly seen: string;
  readonly draining: Draining<Json>;
}

/** The drain that a task's object is in, if it is in one. */
export function drainOf(
  host: string,
  task: HostTask,
  { sight, types }: { readonly sight: Sight; readonly types: TaskTypes },
): HostDrain | undefined {
  const type = typeOf(types, task.type);
  const output = sight.outputs.get(task.id);
  if (type.draining === undefined || output === undefined) return undefined;
  const observed = type.read(output, task.args);
  if (observed.kind !== 'present') return undefined;
  const draining = type.draining(observed.state);
  if (draining === undefined) return undefined;
  const { id, name, place, args } = task;
  const asked = { id, type: task.type, name, place, args };
  return {
    host,
    facts: sight.facts,
    task: asked,
    state: observed.state,
    seen: cksum(output.stdout),
    draining,
  };
}

/** The addresses that the host's connections have on their way through the gateways. */
export function sourcesOf({ facts, draining }: HostDrain): readonly string[] {
  return facts.interfaces
    .filter(({ name }) => draining.interfaces.includes(name))
    .flatMap(({ addresses }) => addresses.map(({ address }) => address));
}

export function endingPlan(drain: HostDrain, types: TaskTypes): PlannedHost {
  const { host, facts, task, state, seen, draining } = drain;
  const type = typeOf(types, task.type);
  const ending = {
    ...task,
    object: type.object(task.args),
    from: state,
    to: draining.over,
    changes: type.changes(state, draining.over),
    notes: [],
    seen,
  };
  return { kind: 'planned', host, facts, tasks: [ending] };
}
