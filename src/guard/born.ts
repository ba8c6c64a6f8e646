/** When a process was started, in clock ticks since the boot: with it a pid means one process for ever. */
import { type Script, sh } from '../shell/sh.ts';

/**
 * `born PID` sets `at`, the state of the process `is` and its process group `group`, all empty where there is no such
 * process. Without a fork; the name of a program, in parentheses, may hold blanks and parentheses. It is cut off from
 * the left, since a shell's way from the right looks at the line once for every letter of it. Source: proc(5), `stat`.
 */
export const born: Script = sh`born() {
at=; { IFS= read -r at <"/proc/$1/stat"; } 2>/dev/null
while :; do case $at in *') '*) at=\${at#*) } ;; *) break ;; esac; done
set -- $at
is=\${1-}; group=\${3-}; at=\${20-}
}`;
