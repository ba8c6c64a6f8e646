/**
 * The program that lives on the host: constant POSIX sh, the same for every plan. The plan's own part stands beside
 * it as functions in the file `plan`. What a reader gets wrong: a state is the NAME of one file. Confirm and rollback
 * are renames of `armed`; whoever loses the rename learns that it lost, so both can never win.
 */

/** Every state of a guard, each the name of a file in its folder. */
export const guardStates = [
  'armed',
  'confirmed',
  'rolling-back',
  'rolled-back-verified',
  'rolled-back-unverified',
  'rollback-failed',
] as const;

export type GuardState = (typeof guardStates)[number];

/** Where guards live. /run is emptied at boot, and that is right: a reboot before confirm is a rollback. */
export const guardFolder = '/run/gwfleet';

/**
 * `sh engine VERB`. Variables come from `plan`: run, mark, seconds, steps, looks, and for each step the functions
 * step_ID, undo_ID, look_ID and the variable seen_ID. `boot_files` writes what survives a restart. With 0 seconds
 * there is no watchdog, so the steps confirm themselves: a lost connection must not leave the host locked.
 */
export const engine = String.raw`
D=$(dirname "$0"); R=$(dirname "$D")
mark_of_caller=$mark
. "$D/plan"
[ -z "$mark_of_caller" ] || mark=$mark_of_caller
say() { printf '%s\n' "$*" >>"$D/journal" 2>/dev/null; printf '\n%s %s\n' "$mark" "$*" >&3 2>/dev/null; :; }
state() {
  for s in rolled-back-verified rolled-back-unverified rollback-failed rolling-back confirmed armed; do
    [ -e "$D/$s" ] && { echo "$s"; return; }
  done
  echo gone
}
unlock() { [ "$(sed -n 's/^run //p' "$R/lock" 2>/dev/null)" = "$run" ] && rm -f "$R/lock"; :; }
moved() {
  for t in $looks; do
    now=$( (look_$t) </dev/null 2>/dev/null | cksum)
    eval "[ \"\$now\" = \"\$seen_$t\" ]" || { echo "$t"; return; }
  done
}
tail_of() { tail -c 2000 "$1" 2>/dev/null | tr '\n' '\037' | tr -d '\000-\010\013-\036'; }
undo_all() {
  failed=0; back=
  for t in $(cat "$D/begun" 2>/dev/null); do back="$t $back"; done
  for t in $back; do
    (undo_$t) </dev/null >"$D/$t.undo" 2>&1; code=$?
    say "undo $t $code $([ $code = 0 ] || tail_of "$D/$t.undo")"
    [ $code = 0 ] || failed=1
  done
  still=$(moved)
  if [ -z "$still" ]; then end=rolled-back-verified
  elif [ $failed = 0 ]; then end=rolled-back-unverified; say "differs $still"
  else end=rollback-failed; say "differs $still"
  fi
  mv "$D/rolling-back" "$D/$end"
  logger -t gwfleet "run $run: $end" 2>/dev/null
  unlock
  say "state $end"
}
confirm() {
  if mv "$D/armed" "$D/confirmed" 2>/dev/null; then
    (boot_files) </dev/null >"$D/boot.out" 2>&1 || say "boot-failed $(tail_of "$D/boot.out")"
    logger -t gwfleet "run $run: confirmed" 2>/dev/null
    unlock
  fi
  say "state $(state)"
}
case $1 in
apply)
  trap '' HUP INT QUIT PIPE TERM
  for t in $steps; do
    [ -e "$D/armed" ] || { say "state $(state)"; exit 1; }
    echo "$t" >>"$D/begun" || { code=1; break; }
    say "begin $t"
    (step_$t) </dev/null >"$D/$t.out" 2>&1; code=$?
    say "end $t $code $([ $code = 0 ] || tail_of "$D/$t.out")"
    [ $code = 0 ] || break
  done
  if [ "$code" != 0 ]; then
    mv "$D/armed" "$D/rolling-back" 2>/dev/null && undo_all || say "state $(state)"
    exit 1
  fi
  : >"$D/applied"
  say applied
  [ "$seconds" != 0 ] || confirm
  ;;
watch)
  trap '' HUP INT QUIT PIPE TERM
  i=0; echo "$seconds" >"$D/left"; : >"$D/ready"
  while [ $i -lt "$seconds" ]; do
    [ -e "$D/armed" ] || exit 0
    sleep 1; i=$((i+1)); echo $((seconds-i)) >"$D/left"
  done
  mv "$D/armed" "$D/rolling-back" 2>/dev/null || exit 0
  kill -9 -"$(cat "$D/apply.pid")" 2>/dev/null || kill -9 "$(cat "$D/apply.pid")" 2>/dev/null
  undo_all
  ;;
confirm)
  confirm
  ;;
rollback)
  if mv "$D/armed" "$D/rolling-back" 2>/dev/null; then
    kill -9 -"$(cat "$D/apply.pid" 2>/dev/null)" 2>/dev/null
    undo_all
  else say "state $(state)"
  fi
  ;;
inspect)
  say "state $(state)"
  [ ! -e "$D/applied" ] || say applied
  say "left $(cat "$D/left" 2>/dev/null)"
  kill -0 "$(cat "$D/watch.pid" 2>/dev/null)" 2>/dev/null && say "watchdog alive" || say "watchdog gone"
  ;;
esac
`.trimStart();
