/**
 * What the controller sends over its NEW connection: look again, print it, wait for one word on standard input, then
 * confirm or roll back. One exec, so that the promise of a fresh connection costs no more than that connection.
 * End of input (the link died, gwfleet was killed) does nothing: the watchdog decides then.
 */
import { block, type Script, sh } from '../shell/sh.ts';
import { guardFolder } from './engine.ts';

/** Shows `probe`, says `ask`, reads the verdict, settles. */
export function settleScript(
  order: { readonly guardId: string; readonly mark: string },
  probe: Script,
): Script {
  return block(
    probe,
    sh`exec 3>&1; D=${`${guardFolder}/${order.guardId}`}; mark=${order.mark}; export mark`,
    sh`[ -e "$D/engine" ] || { printf '\n%s state gone\n' "$mark"; exit 0; }`,
    sh`sh "$D/engine" inspect </dev/null`,
    sh`printf '\n%s ask\n' "$mark"`,
    sh`read -r verdict || exit 0`,
    sh`case $verdict in confirm|rollback) sh "$D/engine" "$verdict" </dev/null ;; esac`,
    sh`printf '\n%s done\n' "$mark"`,
  );
}

/** Asks a host how a run ended there, and nothing else. */
export function inspectScript(order: { readonly guardId: string; readonly mark: string }): Script {
  return block(
    sh`exec 3>&1; D=${`${guardFolder}/${order.guardId}`}; mark=${order.mark}; export mark`,
    sh`printf '\n%s boot %s\n' "$mark" "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"`,
    sh`[ -e "$D/engine" ] || { printf '\n%s state gone\n' "$mark"; exit 0; }`,
    sh`sh "$D/engine" inspect </dev/null`,
    sh`printf '\n%s done\n' "$mark"`,
  );
}
