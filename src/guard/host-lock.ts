/**
 * One run at a time on a host. The lock is taken with its text in it, by a hard link, so nobody ever sees half of it.
 * What a reader gets wrong: a held lock is not always somebody: the guard behind it may be dead. A dead guard that is
 * pending is rolled back now; a lock without a guard (its run died before it armed) is broken on purpose only.
 */
import { block, type Script, sh } from '../shell/sh.ts';

export interface LockOrder {
  readonly guardId: string;
  readonly owner: string;
  readonly confirmTimeoutSeconds: number | null;
  readonly now: number;
  readonly breakLock?: string;
}

/** Makes the guard's folder and takes the lock, or refuses. Uses R, D, began, say and refuse of the apply script; sets `made`, `locked`. */
export function hostLock(order: LockOrder): Script {
  const seconds = order.confirmTimeoutSeconds ?? 0;
  const text = `run ${order.guardId}\nowner ${order.owner}\nsince ${order.now}\nseconds ${seconds}\n`;
  return block(
    sh`take() {
[ -n "$made" ] || { mkdir "$D" && made=1; } 2>/dev/null
[ -n "$made" ] && printf '%sstarter %s %s\n' ${text} "$$" "$began" 2>/dev/null >"$D/lock" || { [ -e "$R/lock" ] || refuse "cannot-write $D (full?)"; return 1; }
ln "$D/lock" "$R/lock" 2>/dev/null || return 1
locked=1
}`,
    holder,
    sh`break=${order.breakLock ?? ''}`,
    sh`tries=0; until take; do tries=$((tries+1)); [ "$tries" -lt 5 ] || held; [ ! -e "$R/lock" ] || settle_holder; done`,
  );
}

const holder = block(
  sh`held() { left=; { read -r left _ <"$H/left"; } 2>/dev/null; refuse "locked $(tr '\n' ';' <"$R/lock" 2>/dev/null)left $left;life $1"; }`,
  sh`wants_break() { case $holder in "$break"|"$break".*) [ -n "$break" ] ;; *) false ;; esac; }`,
  sh`living() {
sed -n 's/^starter //p' "$R/lock" | { read -r p b && [ -n "$b" ] && born "$p" && [ "$at" = "$b" ]; }
} 2>/dev/null`,
  // Its own words go to a mark of their own: what it tells is not about this run.
  sh`old_guard() { mark=holder sh "$H/engine" "$1:$holder" 3>&1 </dev/null 2>/dev/null | sed -n 's/^holder state //p' | tail -n 1; }`,
  sh`settle_holder() {
holder=$(sed -n 's/^run //p' "$R/lock" 2>/dev/null); H=$R/$holder
[ -n "$holder" ] || { sleep 1; return; }
state=gone; was=gone
if [ -e "$H/engine" ]; then
was=$(old_guard inspect)
if wants_break; then state=$(old_guard break); else state=$(old_guard settle); fi
fi
case $was:$state in
*:armed|*:rolling-back) held alive ;;
armed:*|rolling-back:*) refuse "settled $holder $state" ;;
*:gone) ;;
*) say "finished $holder $state"; return ;;
esac
[ "$(sed -n 's/^run //p' "$R/lock" 2>/dev/null)" = "$holder" ] || return
living && held alive
wants_break || held dead
rm -rf "$H"
rm -f "$R/lock"
say "broke $holder"
}`,
);
