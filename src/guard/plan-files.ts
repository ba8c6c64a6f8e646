/**
 * What the engine is given of a plan, as files in the guard's folder: `plan`, who and what in a few words and behind them
 * the functions, which a shell reads only where `work` is set; `secret`, the functions that hold secrets, which goes when
 * the guard has ended. What a reader gets wrong: each file is a page of memory at least, and /run may be small.
 */
import { bootWork } from '../plan/boot.ts';
import { cksum } from '../plan/cksum.ts';
import type { TaskPlan } from '../plan/plan.ts';
import { roadsOf, type TaskTypes, typeOf } from '../plan/probe.ts';
import { block, nothing, type Script, sh } from '../shell/sh.ts';
import { networkLook } from '../tasks/network-look.ts';
import type { BootPart } from '../tasks/task-type.ts';
import { bootFunction } from './boot-files.ts';
import type { GuardOrder } from './guard-order.ts';

export function planFiles(order: GuardOrder, types: TaskTypes): Script {
  const boots = bootParts(order, types);
  const secrets = changingTasks(order).filter(isSecret);
  return block(
    written(
      'plan',
      block(words(order, boots), sh`[ -n "$work" ] || return 0`, functions(order, types, boots)),
    ),
    secrets.length === 0 ? nothing : written('secret', block(...functionsOf(secrets, order, types))),
  );
}

function words(order: GuardOrder, boots: readonly BootPart[]): Script {
  const changing = changingTasks(order);
  const ids = (tasks: readonly TaskPlan[]): string => tasks.map(({ id }) => id).join(' ');
  return block(
    sh`run=${order.guardId}; mark=${order.mark}; seconds=${order.confirmTimeoutSeconds ?? 0}`,
    sh`steps=${ids(changing)}; looks=${ids(firstLooks(changing))}; secrets=${ids(changing.filter(isSecret))}`,
    boots.length === 0 ? sh`boots=none` : nothing,
  );
}

function functions(order: GuardOrder, types: TaskTypes, boots: readonly BootPart[]): Script {
  const changing = changingTasks(order);
  return block(
    sh`look_all() { :`,
    networkLook(roadsOf(firstLooks(changing), types)),
    sh`}`,
    ...functionsOf(
      changing.filter((task) => !isSecret(task)),
      order,
      types,
    ),
    bootFunction(boots),
  );
}

function bootParts({ tasks, facts }: GuardOrder, types: TaskTypes): readonly BootPart[] {
  return tasks
    .filter(({ changes, boot = [] }) => changes.length + boot.length > 0)
    .flatMap((task) => bootWork(task, typeOf(types, task.type), facts));
}

/** By the shell itself: no process, and nothing of it in a process list. */
export function written(name: 'plan' | 'secret' | 'engine', { text }: Script): Script {
  return sh`{ printf '%s\n' ${text} >"$D/"${name}; } 2>/dev/null || refuse "cannot-write $D (full?)"`;
}

function functionsOf(tasks: readonly TaskPlan[], order: GuardOrder, types: TaskTypes): readonly Script[] {
  const looks = firstLooks(changingTasks(order)).filter((task) => tasks.includes(task));
  return [
    ...tasks.flatMap((task) => stepFunctions(task, types)),
    ...looks.flatMap((task) => lookFunction(task, order, types)),
  ];
}

export function changingTasks({ tasks }: GuardOrder): readonly TaskPlan[] {
  return tasks.filter(({ changes }) => changes.length > 0);
}

function isSecret({ secret }: TaskPlan): boolean {
  return secret !== undefined;
}

function stepFunctions(task: TaskPlan, types: TaskTypes): readonly Script[] {
  const type = typeOf(types, task.type);
  return [
    sh`step_${task.id}() { :`,
    type.apply(task.from, task.to),
    sh`}`,
    sh`undo_${task.id}() { :`,
    type.undo === 'turned' ? type.apply(task.to, task.from) : sh`echo ${type.undo.impossible}; return 1`,
    sh`}`,
  ];
}

function lookFunction(
  task: TaskPlan,
  { looked }: Pick<GuardOrder, 'looked'>,
  types: TaskTypes,
): readonly Script[] {
  return [
    sh`seen_${task.id}=${task.seen}; text_${task.id}=${plainText(looked?.get(task.id), task)}`,
    sh`look_${task.id}() { :`,
    typeOf(types, task.type).probe(task.args),
    sh`}`,
  ];
}

/**
 * A short look without its last newline, for a shell to compare; empty where it is not the one that the plan was made
 * from, where a shell would not give it back as it is, or where it may hold a secret.
 */
function plainText(text: string | undefined, { seen, secret }: TaskPlan): string {
  const plain = text !== undefined && /^[\n\x20-\x7e]{0,999}[\x20-\x7e]\n$/.test(text);
  return plain && secret === undefined && cksum(text) === seen ? text.slice(0, -1) : '';
}

/** Only the first look at an object was made before anything changed it. */
function firstLooks(tasks: readonly TaskPlan[]): readonly TaskPlan[] {
  const seen = new Set<string>();
  return tasks.filter(({ object }) => !seen.has(object) && seen.add(object));
}
