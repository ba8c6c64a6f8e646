/**
 * The program that lives on the host: constant POSIX sh, the same for every plan, without the comments that stand here.
 * The plan's own part stands beside it in the file `plan`: variables, and functions. What a reader gets wrong: a state is
 * the NAME of one file. Confirm and rollback are renames of `armed`; whoever loses the rename learns that it lost, so both
 * can never win. Nothing here asks a clock. Whether somebody is alive is asked of /proc by pid, start time and word
 * together, or by the word `verb:run` of all processes, never of a pid alone. Long because it is one program, proven as
 * one.
 */

import { born } from './born.ts';

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
 * `sh engine VERB:RUN`; everything is answered on descriptor 3. `plan` has run, mark, seconds, steps, looks, secrets, and
 * boots where there are none; with `work` set also the functions step_ID, undo_ID, look_ID, and `boot_files`, which writes
 * what survives a restart.
 * With 0 seconds there is no watchdog, and the steps confirm themselves.
 *
 * apply: the steps. watch: the timer. confirm, rollback: the verdict. inspect: only tells. contact: our controller is
 * back: tells, and ends what nobody else can end. settle: a later run is here: rolls back what is pending and dead.
 * break: a person wants it ended: rolls back what has no watchdog, steps that still run included.
 */
export const engine = String.raw`
# Every signal that can be ignored; with "command" a shell that does not know one does not end over it.
deaf() {
  for s in HUP INT QUIT PIPE TERM ILL TRAP ABRT BUS FPE USR1 SEGV USR2 ALRM TSTP TTIN TTOU XCPU XFSZ VTALRM PROF IO PWR SYS; do
    command trap '' "$s" 2>/dev/null && ignored="$ignored $s"
  done
}
${born.text}
ignored=
case $0 in */engine)
  D=\${0%/*}; R=\${D%/*}
  deaf
esac
# The timer stands before all that a host reads only when somebody needs it. It is ready when it closes its output. What
# is left is told every other second: a tick is a process.
case $1 in watch:*)
  i=0; born $$; began=$at
  echo "$2 $$ $began" >"$D/left"
  echo ready; exec >/dev/null
  while [ "$i" -lt "$2" ]; do
    [ -e "$D/armed" ] || exit 0
    tick=2; [ "$((i+2))" -le "$2" ] || tick=1
    sleep "$tick"; i=$((i+tick)); echo "$(($2-i)) $$ $began" >"$D/left"
  done
esac
plan() {
  caller=$mark; work=$1
  . "$D/plan"
  [ -z "$caller" ] || mark=$caller
}
plan
# What the steps are is read only by who works: most of those who come want to know how it stands, or to confirm.
with_steps() {
  plan yes
  [ ! -e "$D/secret" ] || . "$D/secret"
}
nl='
'
tell() { { printf '\n%s %s\n' "$mark" "$*" >&3; } 2>/dev/null; :; }
say() { { printf '%s\n' "$*" >>"$D/journal"; } 2>/dev/null; tell "$@"; }
one_line() { tr '\n' '\037' | tr -d '\000-\010\013-\036'; }
# In the order in which a guard moves, so that one that moves meanwhile is not missed.
look_state() {
  for state in armed rolling-back confirmed rolled-back-verified rolled-back-unverified rollback-failed; do
    [ ! -e "$D/$state" ] || return 0
  done
  state=gone
}
tell_state() { look_state; say "state $state"; }
# The brackets keep grep from finding itself. A process that was stopped, or is only waited for, does nothing any more.
alive() {
  for v do
    for p in $(grep -ls "\${v}[:]$run" /proc/[0-9]*/cmdline); do
      p=\${p#/proc/}
      born "\${p%/cmdline}"
      case $is in ''|T|t|Z|X) ;; *) return 0 ;; esac
    done
  done
  return 1
}
# Who wrote a file about itself, by pid and start time: one pid may be two processes.
same() {
  at=; began=
  read -r p began <"$D/$1" && fits
} 2>/dev/null
fits() { [ -n "$began" ] && born "$p" && [ "$at" = "$began" ]; }
at_work() { case $is in ''|T|t|Z|X) return 1 ;; esac; }
# Who began writes it into the lock.
starting() {
  while read -r w p began; do
    [ "$w" != starter ] || { fits; return; }
  done <"$D/lock"
  return 1
} 2>/dev/null
# What the timer wrote of itself is certain where its word fits, too. Where it does not, all processes are asked.
same_watch() {
  at=; began=
  read -r left p began <"$D/left" && fits || return
  IFS= read -r word <"/proc/$p/cmdline"
  case $word in *watch:"$run"*) ;; *) return 1 ;; esac
} 2>/dev/null
watched() { same_watch && at_work || alive watch; }
confirming() { same confirmer && at_work; }
deserted() { ! watched && ! alive apply confirm rollback && ! starting && ! confirming; }
unwatched() { ! watched && ! alive confirm rollback && ! confirming; }
holds() { w=; { read -r w holder <"$R/lock"; } 2>/dev/null; [ "$w" = run ] && [ "$holder" = "$run" ]; }
unlock() { holds && rm -f "$R/lock"; :; }
# What a task with a secret has said may hold it; what it was made of goes when nobody needs it any more.
last_words() {
  case " $secrets " in *" $1 "*) echo '(hidden)' ;; *) tail -c 2000 | one_line ;; esac
}
forget() {
  [ ! -e "$D/secret" ] || rm -f "$D/secret"
  for t in $secrets; do rm -f "$D/look.$t" "$D/$t.out"; done
} 2>/dev/null
# Without a socket nobody listens.
log() { if [ -S /dev/log ]; then logger -t gwfleet "run $run: $1" </dev/null >/dev/null 2>&1 3>&- & fi; }
# A line that begins with "~ " is about the surroundings: it must hold before a change, but is not ours to put back.
kept() { sed '/^~ /d' | cksum; }
# A short look that had not moved stands in the plan, any other in a file.
before() {
  if [ -e "$D/look.$1" ]; then cat "$D/look.$1"; else eval "printf '%s\n' \"\$text_$1\""; fi
}
moved() {
  look_all </dev/null 2>/dev/null 3>&-
  for t in $looks; do
    now=$( (look_$t) </dev/null 2>/dev/null 3>&- | kept)
    [ "$now" = "$(before "$t" | kept)" ] || echo "$t"
  done
}
# Where the file system takes no rename (it went read-only) nobody can confirm either: then the way in comes first.
claim() { mv "$D/armed" "$D/rolling-back" 2>/dev/null || [ -e "$D/armed" ]; }
# Ends the process group behind a word; each has a session of its own.
stop() {
  i=0
  while found=$(grep -ls "$1[:]$run" /proc/[0-9]*/cmdline); [ -n "$found" ] && [ "$i" -lt 100 ]; do
    for p in $found; do
      p=\${p#/proc/}
      born "\${p%/cmdline}"
      [ -z "$group" ] || kill -9 "-$group" 2>/dev/null
    done
    # Most often the kill is all that is needed: whoever waits before looking again, waits for nothing.
    [ "$i" = 0 ] || sleep 0.05 2>/dev/null || sleep 1
    i=$((i+1))
  done
}
# Where nothing can be written down yet, a living watchdog is the one that does it later.
stop_watch() { [ -e "$D/armed" ] || stop watch; }
undo_all() {
  with_steps
  back=
  for t in $(cat "$D/begun" 2>/dev/null); do back="$t $back"; done
  for try in 1 2; do
    failed=0
    for t in $back; do
      # No file is needed for it: the disk may be full or read-only by now.
      out=$( { (undo_$t) </dev/null 2>&1 3>&-; printf '\n%s' "$?"; } | tail -c 2000)
      code=\${out##*"$nl"}
      [ "$code" = 0 ] || failed=1
      say "undo $t $code $([ "$code" = 0 ] || printf '%s' "\${out%"$nl"*}" | last_words "$t")"
    done
    still=$(moved)
    [ -n "$still" ] || break
    [ "$try" = 2 ] || sleep 1
  done
  if [ -z "$still" ]; then end=rolled-back-verified
  elif [ "$failed" = 0 ]; then end=rolled-back-unverified
  else end=rollback-failed
  fi
  # Unquoted: one line of it.
  [ -z "$still" ] || say differs $still
  mv "$D/rolling-back" "$D/$end" 2>/dev/null || mv "$D/armed" "$D/$end" 2>/dev/null
  forget
  unlock
  say "state $end"
  log "$end"
  ended=$end
}
keep() {
  [ "$boots" = none ] || (umask 022; with_steps; boot_files) </dev/null >"$D/boot.out" 2>&1 3>&- || say "boot-failed $(tail -c 2000 "$D/boot.out" 2>/dev/null | one_line)"
  forget
  unlock
  log confirmed
}
# The timer has lost its rename and would end at its next tick, which it may just have done.
dismiss() {
  if same_watch && [ "$group" = "$p" ]; then kill -9 "-$p" 2>/dev/null
  elif [ -z "$began" ] || [ "$at" = "$began" ]; then stop watch
  fi
}
confirm() {
  if mv "$D/armed" "$D/confirmed" 2>/dev/null; then [ "$seconds" = 0 ] || dismiss; keep; fi
  tell_state
}
# Two that come at once: the second leaves it to the first. Without room for the file both do it, and undo bears that.
take_over() {
  p=$(cat "$D/settler" 2>/dev/null)
  [ -n "$p" ] && [ "$p" != "$$" ] && grep -qsF ":$run" "/proc/$p/cmdline" && return 1
  rm -f "$D/settler" 2>/dev/null
  (set -C; echo "$$" >"$D/settler") 2>/dev/null || [ ! -s "$D/settler" ]
}
# Ends what nobody else will end; "$1" says when an armed guard is such. The second look is for one that ended meanwhile.
end_dead() {
  look_state
  case $state in
  armed) "$1" && [ -e "$D/armed" ] && take_over && claim && { stop apply; undo_all; stop_watch; } ;;
  rolling-back) deserted && [ -e "$D/rolling-back" ] && take_over && undo_all ;;
  confirmed) deserted && holds && take_over && keep ;;
  rolled-back-*|rollback-failed) unlock ;;
  esac
}
report() {
  while IFS= read -r line || [ -n "$line" ]; do { printf '%s %s\n' "$mark" "$line" >&3; } 2>/dev/null; done <"$D/journal" 2>/dev/null
  [ -e "$D/applied" ] && tell applied
  left=; { read -r left p began <"$D/left"; } 2>/dev/null
  tell "left $left"
  if watched; then tell 'watchdog alive'; else tell 'watchdog gone'; fi
  look_state
  tell "state \${ended:-$state}"
}
ended=
case $1 in
apply:*)
  with_steps
  code=0
  for t in $steps; do
    [ -e "$D/armed" ] || { tell_state; exit 1; }
    { echo "$t" >>"$D/begun" && true >"$D/$t.out"; } 2>/dev/null || { code=1; say "end $t 1 cannot write $D"; break; }
    say "begin $t"
    (umask 022; for s in \${ignored#* HUP}; do trap - "$s"; done; step_$t) </dev/null >"$D/$t.out" 2>&1 3>&-; code=$?
    [ "$code" = 0 ] || { say "end $t $code $(last_words "$t" <"$D/$t.out" 2>/dev/null)"; break; }
    say "end $t $code "
  done
  [ "$code" != 0 ] || { true >"$D/applied"; } 2>/dev/null || code=1
  if [ "$code" != 0 ]; then
    if claim; then undo_all; else tell_state; fi
    exit 1
  fi
  say applied
  [ "$seconds" != 0 ] || confirm
  ;;
watch:*)
  claim || exit 0
  stop apply
  undo_all
  # Undone, but not written down: nobody may confirm what is no longer there once the disk can be written again.
  while [ -e "$D/armed" ]; do
    sleep 1; mv "$D/armed" "$D/$end" 2>/dev/null && unlock
  done
  ;;
confirm:*)
  confirm
  ;;
rollback:*)
  if [ -e "$D/armed" ] && claim; then stop apply; undo_all; stop_watch; else tell_state; fi
  ;;
inspect:*)
  report
  ;;
contact:*)
  if [ ! -e "$D/armed" ] || [ ! -e "$D/applied" ]; then
    if [ "$seconds" -gt 0 ]; then end_dead unwatched; else end_dead deserted; fi
  fi
  report
  ;;
settle:*)
  end_dead deserted
  report
  ;;
break:*)
  end_dead unwatched
  report
  ;;
esac
`
  .trimStart()
  .replaceAll(/^ *#.*\n/gm, '')
  .replaceAll('\\${', '${');
