/**
 * The one guarded apply script of a host: lock, look again, checkpoint, arm, steps. It puts the engine and the plan's
 * functions on the host and starts the steps detached, so that they end or are undone when the connection dies.
 * Read-only files, a full disk or a held lock end it before anything was changed.
 */
import { type TaskTypes, typeOf } from '../plan/probe.ts';
import { block, nothing, type Script, sh } from '../shell/sh.ts';
import { born } from './born.ts';
import { engine, guardFolder } from './engine.ts';
import type { GuardOrder } from './guard-order.ts';
import { hostLock } from './host-lock.ts';
import { changingTasks, planFiles, written } from './plan-files.ts';

/** The script of the apply exec. Its words are read by `readJournal`. */
export function applyScript(order: GuardOrder, types: TaskTypes): Script {
  const seconds = order.confirmTimeoutSeconds;
  return block(
    opening(order),
    sh`{ [ -d "$R" ] || mkdir -p "$R"; } 2>/dev/null && [ -w "$R" ] || refuse "cannot-write $R (read-only, full, or not root)"`,
    sh`command -v setsid >/dev/null || refuse "watchdog-did-not-start setsid is not installed"`,
    hostLock(order),
    planFiles(order, types),
    written('engine', { ...nothing, text: engine }),
    // Never ":" here: a redirection that fails ends the shell when it stands on a special builtin.
    sh`{ true >"$D/begun" && true >"$D/journal"; } 2>/dev/null || refuse "cannot-write $D (full?)"`,
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
work=yes; . "$D/plan"; [ -z "$secrets" ] || . "$D/secret"
look_all </dev/null 3>&-
printf '# ip link, addr, rule, route\n%s\n' "$gwfleet_looked" >"$D/checkpoint"
moved=; summed=
for t in $looks; do
eval "text=\$text_$t"
[ -n "$text" ] && [ "$text" = "$(look_$t </dev/null 3>&-)" ] || { (look_$t) </dev/null 3>&- >"$D/look.$t"; summed="$summed look.$t"; }
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
