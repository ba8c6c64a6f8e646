/**
 * One read-only script that looks at everything a run will ask of a host: its facts, and one section for each task.
 * Tasks of all plays are in it, so that a dry run needs one exec a host.
 */
import { framed, type Output, readFrames } from '../shell/frames.ts';
import { block, type Script } from '../shell/sh.ts';
import type { Place } from '../source/diagnostic.ts';
import type { Facts } from '../tasks/facts.ts';
import { factsAgain, factsProbe, firstLook, movingFactsProbe, readFacts } from '../tasks/facts-probe.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { Json } from '../tasks/task-type.ts';
import type { Booted } from './boot.ts';

export type TaskTypes = ReadonlyMap<string, AnyTaskType>;

/** One task of a host, arguments filled in and checked. */
export interface HostTask {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly place: Place;
  readonly args: Json;
  /** Why nothing of it may be shown or kept: `no_log`, or the variable that tells of a secret. */
  readonly secret?: string;
  /** The object is to go, whatever the arguments say it should be; they only name it. */
  readonly absent?: true;
  /** It holds now, and nothing of it is kept for a restart: its boot files go. */
  readonly forgotten?: true;
  /** A task of a way back: what its object should look like, and the state that it goes back to. */
  readonly back?: WayBack;
}

export interface WayBack {
  /** The run that left the object like `from`. */
  readonly run: string;
  readonly from: Json;
  readonly to: Json;
  /** The states whose files at boot are meant: what was wanted then, where `to` is what was seen then. */
  readonly booted: Booted;
}

/** What a host said: its facts, and each task's section by task id. */
export interface Sight {
  readonly facts: Facts;
  readonly outputs: ReadonlyMap<string, Output>;
}

/** `mark` is a nonce: one word that the host cannot guess before it sees the script. `known`: facts of a look before. */
export function probeScript(
  mark: string,
  tasks: readonly HostTask[],
  types: TaskTypes,
  known?: Facts,
): Script {
  const sections = tasks.map((task) => framed(mark, task.id, lookOf(task, types)));
  const facts = known === undefined ? factsProbe : movingFactsProbe;
  return block(firstLook(roadsOf(tasks, types)), framed(mark, 'facts', facts, 'here'), ...sections);
}

const looks = new WeakMap<HostTask, Script>();

/** Hosts that want the same share the task, and so they share its look. */
function lookOf(task: HostTask, types: TaskTypes): Script {
  const look = looks.get(task) ?? typeOf(types, task.type).probe(task.args);
  looks.set(task, look);
  return look;
}

/**
 * Undefined when even the facts did not come back: whatever answered is not a shell on a Linux host. `known` as the
 * probe was made.
 */
export function readSight(mark: string, stdout: string, stderr: string, known?: Facts): Sight | undefined {
  const outputs = readFrames(mark, stdout, stderr);
  const facts = outputs.get('facts');
  if (facts === undefined) return undefined;
  return { facts: known === undefined ? readFacts(facts) : factsAgain(facts, known), outputs };
}

/** The addresses to which the tasks' probes want to know the road. */
export function roadsOf(
  tasks: readonly Pick<HostTask, 'type' | 'args'>[],
  types: TaskTypes,
): readonly string[] {
  return tasks.flatMap(({ type, args }) => typeOf(types, type).roads?.(args) ?? []);
}

export function typeOf(types: TaskTypes, name: string): AnyTaskType {
  const type = types.get(name);
  if (type === undefined) throw new Error(`no task type '${name}' is registered`);
  return type;
}
