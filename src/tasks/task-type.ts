/**
 * The contract of a task type: how it sees, wants and changes one thing on a host. Wanted and seen are one canonical
 * JSON type, so the planner is one generic comparison and undo is `apply` with the ends swapped.
 */
import type { TSchema } from '@sinclair/typebox';
import type { Output } from '../shell/frames.ts';
import type { Script } from '../shell/sh.ts';
import type { Facts } from './facts.ts';
import type { Touch, WayIn } from './way-in.ts';

/** What lives in a plan file: JSON and nothing else. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What one task's object looks like now. A probe that failed is `unknown`, never `absent`. */
export type Observation<State> =
  | { readonly kind: 'present'; readonly state: State }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: string };

/** Something to say beside a change: capacity, danger to the way in, what the host would not let us set. */
export interface Note {
  readonly level: 'info' | 'warning' | 'danger';
  readonly text: string;
}

/** What the object should be: a state (null: it should not exist), or a reason why this host cannot have it. */
export type Wanted<State> =
  | { readonly kind: 'state'; readonly state: State | null; readonly notes?: readonly Note[] }
  | { readonly kind: 'refused'; readonly why: string };

/** One line of a plan. `kind` and `name` are how people call the thing: `alias` `eth1:0`. */
export interface Change {
  readonly action: 'create' | 'update' | 'delete' | 'run';
  readonly kind: string;
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
  /** Live connections that move with it: they stay where they are for a while, or break. null: not counted. */
  readonly connections?: { readonly become: 'drains' | 'breaks' | 'keeps'; readonly count: number | null };
  /** The full difference for `--diff full`: lines that begin with `+`, `-` or a blank. */
  readonly detail?: readonly string[];
}

/** A file that makes the state survive a restart. Written only after confirm, whole or not at all. */
export interface BootFile {
  readonly path: string;
  readonly mode: number;
  /** The bytes as text; null removes the file. */
  readonly content: string | null;
  /** A symbolic link to this path instead; `content` is what is found behind it. */
  readonly link?: string;
  /** What reads it at boot must accept it: `$gwfleet_new` is the new file, another exit code than 0 keeps it out. */
  readonly check?: Script;
}

/** A setting that somebody else's program keeps (a profile of NetworkManager). Given only while it is not as wanted. */
export interface BootSetting {
  readonly name: string;
  /** What will be changed, for people. */
  readonly to: string;
  /** In a function: `return 1` says that it did not work. */
  readonly write: Script;
}

export type BootPart = BootFile | BootSetting;

/** What a state waits for: it passes by itself, and then there is more to change. */
export interface Waiting {
  /** For people: `203.0.113.15 is draining`. */
  readonly what: string;
  /** Live connections that are waited for; null when they cannot be counted. */
  readonly connections: number | null;
  /** How long a run that has changed the host stays and waits. */
  readonly seconds: number;
  /** What is done when the time is over: arguments to plan with instead. Without: it is left to a later run. */
  readonly atDeadline?: Json;
}

export interface Example {
  readonly title: string;
  /** Arguments as they stand in YAML after the task type's name. */
  readonly args: Json;
}

/** A mistake in arguments that the schema cannot express. `path` leads to it: ['addresses', 2]. */
export interface ArgsProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** A confirmed change that connections from before still hang on. A run waits for them and then ends it. */
export interface Draining<State> {
  /** Next hops that still carry them, by address. */
  readonly gateways: readonly string[];
  /** The host's interfaces towards them: connections have an address of these. */
  readonly interfaces: readonly string[];
  readonly deadlineSeconds: number;
  readonly atDeadline: 'leave' | 'cut';
  /** Since it began, and how many of them the host itself sees; null: it did not say. */
  readonly elapsedSeconds: number | null;
  readonly connections: number | null;
  /** What the object should be once it is over. */
  readonly over: State;
}

export interface TaskType<Args, State extends Json> {
  /** The key in YAML. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** The manual page, in Markdown. */
  readonly doc: string;
  readonly examples: readonly Example[];
  /** TypeBox schema of the arguments; every property has a description. */
  readonly schema: TSchema;
  /** What the schema cannot say (addresses, ranges). Pure. Empty when all is well. */
  problems(args: Args): readonly ArgsProblem[];
  /** What it owns on a host: `aliases eth1`. Two tasks with the same object on a host see each other's result. */
  object(args: Args): string;
  /**
   * Reads only. Prints the same bytes as long as the object has not changed: no counters, no lifetimes. A line that
   * begins with `~ ` tells of the surroundings (whether the next hop answers): it must hold when the change begins,
   * but no rollback can put it back, and none is judged by it. What moves by itself (numbers of connections) goes to
   * standard error: it is read, and never compared.
   */
  probe(args: Args): Script;
  /** Pure; canonical form. Throws nothing: garbage is `unknown`. */
  read(output: Output, args: Args): Observation<State>;
  /** Pure. `seen` is what is there, or what an earlier task of the play will leave there. */
  desired(args: Args, seen: Observation<State>, facts: Facts): Wanted<State>;
  /** The lines of the plan; empty exactly when the two are equal for this type. */
  changes(from: State | null, to: State | null): readonly Change[];
  /** What is still going on in what is there, when the plan leaves it so. Pure. */
  waiting?(to: State | null, seen: Observation<State>, args: Args): Waiting | undefined;
  /** From any state to any state; exits with 0 only when every step worked. Undo = the ends swapped. */
  apply(from: State | null, to: State | null): Script;
  /** What makes the state survive a restart; `from` is the state before, where something must be taken back. */
  boot(to: State | null, facts: Facts, from?: State | null): readonly BootPart[];
  /** A word in the names of all its boot files: those on a host that are no longer wanted are taken away. */
  bootName?(args: Args): string;
  readonly undo: 'turned' | { readonly impossible: string };
  /** What a run left, as far as it has passed by itself since: what drained is gone, and nobody changed it. Pure. */
  settled?(left: State | null, now: State | null): State | null;
  /** How a look asks before the object goes back to a state of another day; by default as the run that left it. */
  argsBack?(args: Args, to: State | null): Args;
  /** Why it may not go back there; undefined: it may. Pure. */
  refusesBack?(seen: State | null, to: State | null): string | undefined;
  /** Addresses to which the network look shall ask the road, so that the probe need not (`roadTo`). */
  roads?(args: Args): readonly string[];
  /** What a change of it can break: the way in, a service, nothing. */
  readonly touches: 'reachability' | 'service' | 'nothing';
  /** How long its steps wait on purpose; the guard gets it on top of its own time. */
  waitsSeconds?(from: State | null, to: State | null): number;
  /** Undefined: nothing is draining. */
  draining?(state: State): Draining<State> | undefined;
  /** What a change from one state to the other does to a way in; empty when nothing. Pure. */
  wayIn?(from: State | null, to: State | null, way: WayIn, facts: Facts): readonly Touch[];
  /** The names of its changes and of its object are made of the arguments' content, not only of their places. */
  readonly namesTell?: true;
  /** A `check` is not a change: its observation must be what `desired` says after the play, or the host failed. */
  readonly verifyOnly?: true;
}
