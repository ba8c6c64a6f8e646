/**
 * A look at what holds a host: the lock and who has it, and a guard that has not been settled. Reads only; a lock whose
 * run has no process any more is told as dead.
 */
import { block, type Script, sh } from '../shell/sh.ts';
import { born } from './born.ts';
import { guardFolder } from './engine.ts';
import { type LockHolder, readHolder } from './journal.ts';

export interface Pending {
  readonly lock: LockHolder | null;
  /** Armed: rolls back by itself when nobody confirms. */
  readonly guard: 'armed' | 'rolling-back' | null;
}

/** The frame of a probe that it stands in. */
export const pendingFrame = 'pending';

export const pendingProbe: Script = block(
  born,
  sh`R=${guardFolder}; holder=`,
  sh`if [ -e "$R/lock" ]; then holder=$(sed -n 's/^run //p' "$R/lock" 2>/dev/null); fi`,
  sh`if [ -n "$holder" ]; then
life=dead
if grep -qs "[:]$holder" /proc/[0-9]*/cmdline; then life=alive
elif sed -n 's/^starter //p' "$R/lock" | { read -r p b && [ -n "$b" ] && born "$p" && [ "$at" = "$b" ]; } 2>/dev/null; then life=alive
elif { read -r p b <"$R/$holder/confirmer" && [ -n "$b" ] && born "$p" && [ "$at" = "$b" ]; } 2>/dev/null; then life=alive; fi
left=; { read -r left _ <"$R/$holder/left"; } 2>/dev/null
printf 'lock %sleft %s;life %s\n' "$(tr '\n' ';' <"$R/lock")" "$left" "$life"
for state in armed rolling-back; do if [ -e "$R/$holder/$state" ]; then printf 'guard %s\n' "$state"; fi; done
fi`,
);

export function readPending(stdout: string): Pending {
  const after = (lead: string): string | undefined =>
    stdout
      .split('\n')
      .find((line) => line.startsWith(lead))
      ?.slice(lead.length);
  const lock = after('lock ');
  const guard = after('guard ')?.trim();
  return {
    lock: lock === undefined ? null : readHolder(lock),
    guard: guard === 'armed' || guard === 'rolling-back' ? guard : null,
  };
}
