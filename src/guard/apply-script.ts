/**
 * The one guarded apply script of a host: lock, look again, checkpoint, arm, steps. It puts the engine and the plan's
 * functions on the host and starts the steps detached, so that they end or are undone when the connection dies.
 * Read-only files, a full disk or a held lock end it before anything was changed.
 */
import { bootWork } from '../plan/boot.ts';
import type { TaskPlan } from '../plan/plan.ts';
import { roadsOf, type TaskTypes, typeOf } from '../plan/probe.ts';
import { block, nothing, type Script, sh } from '../shell/sh.ts';
import type { Facts } from '../tasks/facts.ts';
import { networkLook } from '../tasks/network-look.ts';
import { bootFunction } from './boot-files.ts';
import { born } from './born.ts';
import { engine, guardFolder } from './engine.ts';
import { hostLock } from './host-lock.ts';

export interface GuardOrder {
  /** Run id and play number, one word: `20261122-214007-7f3a.1`. A folder on the host. */
  readonly guardId: string;
  /** user@machine of the person who started the run. */
  readonly owner: string;
  /** A nonce: lines of the script's own begin with it. */
  readonly mark: string;
  readonly tasks: readonly TaskPlan[];
  readonly facts: Facts;
  /** How long the host waits for a confirm; null: no guard, confirmed after the last step. */
  readonly confirmTimeoutSeconds: number | null;
  /** Wall clock of the controller in epoch seconds, for the lock's text only. */
  readonly now: number;
  /** A run whose lock a person wants broken if it is stale. */
  readonly breakLock?: string;
}

/** The script of the apply exec. Its words are read by `readJournal`. */
export function applyScript(order: GuardOrder, types: TaskTypes): Script {
  const seconds = order.confirmTimeoutSeconds;
  return block(
    opening(order),
    sh`{ [ -d "$R" ] || mkdir -p "$R"; } 2>/dev/null && [ -w "$R" ] || refuse "cannot-write $R (read-only, full, or not root)"`,
    sh`command -v setsid >/dev/null || refuse "watchdog-did-not-start setsid is not installed"`,
    hostLock(order),
    written('plan', planFile(order, types)),
    secretFile(order, types),
    written('engine', { ...nothing, text: engine }),
    // Never ":" here: a redirection that fails ends the shell when it stands on a special builtin.
    sh`{ echo "$$ $began" >"$D/starter" && true >"$D/begun" && true >"$D/journal"; } 2>/dev/null || refuse "cannot-write $D (full?)"`,
    checkpoint,
    sh`say ready || refuse "cannot-answer"`,
    sh`true 2>/dev/null >"$D/armed" || refuse "cannot-write $D (full?)"`,
    seconds === null ? nothing : arm(seconds),
    sh`setsid sh "$D/engine" "apply:$run" </dev/null >/dev/null 2>&1 & apply=$!`,
    // A signal ends wait, not the steps.
    sh`wait "$apply"; while kill -0 "$apply" 2>/dev/null; do wait "$apply"; done`,
    // The five youngest stay; a pattern is sorted, and ids begin with the time.
    sh`set -- "$R"/2*; while [ $# -gt 5 ]; do [ -e "$1/armed" ] || [ -e "$1/rolling-back" ] || rm -rf "$1"; shift; done`,
    sh`say 'done'`,
  );
}

/**
 * The signals of a dying connection are caught, not ignored: what is ignored here would stay ignored in everything
 * that a step starts.
 */
function opening({ guardId, mark }: GuardOrder): Script {
  return block(
    sh`umask 077; exec 3>&1; trap : HUP INT QUIT PIPE TERM`,
    sh`R=${guardFolder}; run=${guardId}; D=$R/$run; mark=${mark}; export mark; locked=; made=`,
    born,
    sh`born $$; began=$at`,
    sh`say() { { printf '\n%s %s\n' "$mark" "$*"; } 2>/dev/null; }`,
    sh`refuse() { [ -z "$made" ] || rm -rf "$D"; [ -z "$locked" ] || rm -f "$R/lock"; say "refused $*"; exit 1; }`,
  );
}

/**
 * The look that the plan was made from must still be true; it is kept to compare the rollback with. Beside it, in the
 * tools' own words, all of the network, for the person who is needed when a rollback has failed.
 */
const checkpoint = block(
  // Most often all is as it was, and one cksum says so; who it is not, or whether the disk is full, is asked one by one.
  sh`moved=$(. "$D/plan"; look_all </dev/null 2>/dev/null 3>&-
printf '# ip link, addr, rule, route\n%s\n' "$gwfleet_looked" >"$D/checkpoint"
for t in $looks; do (look_$t) </dev/null 2>/dev/null 3>&- >"$D/look.$t"; done
sums=$(cd "$D" && cksum look.*)
for t in $looks; do
eval "seen=\$seen_$t"
case " $sums" in *[!0-9]"$seen look.$t"*) continue ;; esac
now=$( (look_$t) </dev/null 2>/dev/null 3>&- | tee "$D/look.$t" 2>/dev/null | cksum)
[ "$now" = "$seen" ] || echo "$t"
[ "$(cksum <"$D/look.$t")" = "$now" ] || echo unwritten
done) 2>/dev/null`,
  sh`case $moved in *unwritten*) refuse "cannot-write $D (full?)" ;; esac`,
  sh`[ -z "$moved" ] || refuse "stale $(echo $moved)"`,
  sh`{
echo '# iptables-save'; iptables-save
read -r old </proc/net/ip_tables_names && [ -n "$old" ] && { echo '# iptables-legacy-save'; iptables-legacy-save; }
:
} </dev/null >>"$D/checkpoint" 2>/dev/null 3>&-`,
  sh`echo '# end' 2>/dev/null >>"$D/checkpoint" || refuse "cannot-write $D (full?)"`,
);

/**
 * The watchdog holds the other end of the pipe until it is ready, so nobody looks again and again whether it is; the
 * pipe ends, too, when it dies before.
 */
function arm(seconds: number): Script {
  return block(
    sh`ready=$(setsid sh "$D/engine" "watch:$run" ${seconds} </dev/null 2>/dev/null 3>&- &)`,
    sh`[ "$ready" = ready ] || { rm -f "$D/armed"; refuse "watchdog-did-not-start"; }`,
    sh`say armed`,
  );
}

/** What the engine reads: the plan's variables and functions. */
function planFile(order: GuardOrder, types: TaskTypes): Script {
  const changing = changingTasks(order);
  const looks = firstLooks(changing);
  const secrets = changing.filter(isSecret);
  return block(
    sh`run=${order.guardId}; mark=${order.mark}; seconds=${order.confirmTimeoutSeconds ?? 0}`,
    sh`steps=${changing.map(({ id }) => id).join(' ')}; looks=${looks.map(({ id }) => id).join(' ')}`,
    sh`look_all() { :`,
    networkLook(roadsOf(looks, types)),
    sh`}`,
    sh`secrets=${secrets.map(({ id }) => id).join(' ')}; [ ! -e "$D/secret" ] || . "$D/secret"`,
    ...functionsOf(
      changing.filter((task) => !isSecret(task)),
      looks,
      types,
    ),
    bootFunction(
      order.tasks
        .filter(({ changes, boot = [] }) => changes.length + boot.length > 0)
        .flatMap((task) => bootWork(task, typeOf(types, task.type), order.facts)),
    ),
  );
}

/** Functions that hold secrets stand in a file of their own, which goes when the guard has ended. */
function secretFile(order: GuardOrder, types: TaskTypes): Script {
  const changing = changingTasks(order);
  const secrets = changing.filter(isSecret);
  if (secrets.length === 0) return nothing;
  return written('secret', block(...functionsOf(secrets, firstLooks(changing), types)));
}

/** By the shell itself: no process, and nothing of it in a process list. */
function written(name: 'plan' | 'secret' | 'engine', { text }: Script): Script {
  return sh`{ printf '%s\n' ${text} >"$D/"${name}; } 2>/dev/null || refuse "cannot-write $D (full?)"`;
}

function functionsOf(
  tasks: readonly TaskPlan[],
  looks: readonly TaskPlan[],
  types: TaskTypes,
): readonly Script[] {
  return [
    ...tasks.flatMap((task) => stepFunctions(task, types)),
    ...looks.filter((task) => tasks.includes(task)).flatMap((task) => lookFunction(task, types)),
  ];
}

function changingTasks({ tasks }: GuardOrder): readonly TaskPlan[] {
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

function lookFunction(task: TaskPlan, types: TaskTypes): readonly Script[] {
  return [
    sh`seen_${task.id}=${task.seen}`,
    sh`look_${task.id}() { :`,
    typeOf(types, task.type).probe(task.args),
    sh`}`,
  ];
}

/** Only the first look at an object was made before anything changed it. */
function firstLooks(tasks: readonly TaskPlan[]): readonly TaskPlan[] {
  const seen = new Set<string>();
  return tasks.filter(({ object }) => !seen.has(object) && seen.add(object));
}
