/**
 * The one guarded apply script of a host: lock, look again, checkpoint, arm, steps. It puts the engine and the plan's
 * functions on the host and starts the steps detached, so that they end or are undone when the connection dies.
 * Read-only files, a full disk or a held lock end it before anything was changed.
 */
import { bootWork } from '../plan/boot.ts';
import { cksum } from '../plan/cksum.ts';
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
  /** What each task's look said when the plan was made, by task id, where it is still at hand. */
  readonly looked?: ReadonlyMap<string, string>;
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
    sparesRules(order, types) ? nothing : ruleCheckpoint,
    sh`echo '# end' 2>/dev/null >>"$D/checkpoint" || refuse "cannot-write $D (full?)"`,
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
 * tools' own words, all of the network, for the person who is needed when a rollback has failed; of the packet filter
 * only where a task may change it.
 */
const checkpoint = block(
  // Most often all is as it was, and the shell itself sees it, or one cksum; who it is not, or whether the disk is full, is
  // asked one by one.
  sh`{
. "$D/plan"; look_all </dev/null 3>&-
printf '# ip link, addr, rule, route\n%s\n' "$gwfleet_looked" >"$D/checkpoint"
moved=; summed=
for t in $looks; do
eval "text=\$text_$t"
if [ -n "$text" ] && [ "$text" = "$(look_$t </dev/null 3>&-)" ]; then printf '%s\n' "$text" >"$D/look.$t" || moved=unwritten
else (look_$t) </dev/null 3>&- >"$D/look.$t"; summed="$summed look.$t"; fi
done
[ -z "$summed" ] || sums=$(cd "$D" && cksum $summed)
for t in $looks; do
eval "seen=\$seen_$t"
case " $summed " in *" look.$t "*) ;; *) continue ;; esac
case " $sums" in *[!0-9]"$seen look.$t"*) continue ;; esac
now=$( (look_$t) </dev/null 3>&- | tee "$D/look.$t" | cksum)
[ "$now" = "$seen" ] || moved="$moved $t"
[ "$(cksum <"$D/look.$t")" = "$now" ] || moved="$moved unwritten"
done
} 2>/dev/null`,
  sh`case $moved in *unwritten*) refuse "cannot-write $D (full?)" ;; esac`,
  sh`[ -z "$moved" ] || refuse stale $moved`,
);

const ruleCheckpoint = sh`{
echo '# iptables-save'; iptables-save
read -r old </proc/net/ip_tables_names && [ -n "$old" ] && { echo '# iptables-legacy-save'; iptables-legacy-save; }
:
} </dev/null >>"$D/checkpoint" 2>/dev/null 3>&-`;

function sparesRules(order: GuardOrder, types: TaskTypes): boolean {
  return changingTasks(order).every(
    ({ type, from, to }) => typeOf(types, type).sparesRules?.(from, to) === true,
  );
}

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
      order,
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
  const secrets = changingTasks(order).filter(isSecret);
  if (secrets.length === 0) return nothing;
  return written('secret', block(...functionsOf(secrets, order, types)));
}

/** By the shell itself: no process, and nothing of it in a process list. */
function written(name: 'plan' | 'secret' | 'engine', { text }: Script): Script {
  return sh`{ printf '%s\n' ${text} >"$D/"${name}; } 2>/dev/null || refuse "cannot-write $D (full?)"`;
}

function functionsOf(tasks: readonly TaskPlan[], order: GuardOrder, types: TaskTypes): readonly Script[] {
  const looks = firstLooks(changingTasks(order)).filter((task) => tasks.includes(task));
  return [
    ...tasks.flatMap((task) => stepFunctions(task, types)),
    ...looks.flatMap((task) => lookFunction(task, order, types)),
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
