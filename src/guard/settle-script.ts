/**
 * What the controller sends over its NEW connection: ask the guard, look again, print it, wait for one word on
 * standard input, then confirm or roll back. One exec, so that the promise of a fresh connection costs no more than
 * that connection. End of input (the link died, gwfleet was killed) does nothing: the watchdog decides then.
 */
import { block, type Script, sh } from '../shell/sh.ts';
import { guardFolder, guardStates } from './engine.ts';

interface SettleOrder {
  readonly guardId: string;
  readonly mark: string;
}

/**
 * Settles a dead guard, tells the state, and shows `probe` where a look decides: for steps that have ended (then it
 * says `ask` and reads the verdict), for what was confirmed without us, and for a host that knows nothing of the run.
 */
export function settleScript(order: SettleOrder, probe: Script): Script {
  const { guardId } = order;
  return block(
    opening(order),
    sh`ask=; held=; { read -r _ held <"$R/lock"; } 2>/dev/null`,
    sh`for s in ${guardStates}; do [ ! -e "$D/$s" ] || known=yes; done`,
    sh`if [ "$known" = yes ]; then`,
    contact(guardId),
    sh`elif [ "$held" = ${guardId} ]; then tell starting; exit 0`,
    sh`else tell boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"; tell state gone; fi`,
    sh`if [ -e "$D/armed" ] && [ -e "$D/applied" ]; then ask=yes; elif [ "$known" = yes ] && [ ! -e "$D/confirmed" ]; then tell 'done'; exit 0; fi`,
    probe,
    sh`[ -n "$ask" ] || { tell 'done'; exit 0; }`,
    sh`tell ask`,
    sh`read -r verdict || exit 0`,
    sh`case $verdict in confirm|rollback) settle "$verdict" ;; esac`,
    sh`tell 'done'`,
  );
}

/**
 * The engine tells, and ends what is dead, under its own name. Most often there is only to confirm then: this shell does
 * it itself, with the engine's functions, and leaves its name where others look who is at work; a rollback is done by the
 * engine, and so is a confirm where no name can be written.
 */
function contact(guardId: string): Script {
  return block(
    sh`sh "$D/engine" ${`contact:${guardId}`} </dev/null`,
    sh`set --; . "$D/engine"`,
    sh`settle() {
born $$
if [ "$1" = confirm ] && [ -n "$at" ] && { echo "$$ $at" >"$D/confirmer"; } 2>/dev/null; then deaf; confirm </dev/null
else sh "$D/engine" "$1:$run" </dev/null; fi
}`,
  );
}

export interface Inquiry {
  /** `settle` also ends what is pending and has nobody left to end it; `inspect` only looks. */
  readonly verb: 'inspect' | 'settle';
  /** What is shown of a host that knows nothing of the run. */
  readonly probe: Script;
}

/** Asks a host how a run ended there: `starting` where it holds the lock and has not come to its guard yet. */
export function inquiryScript(order: SettleOrder, { verb, probe }: Inquiry): Script {
  const { guardId } = order;
  return block(
    opening(order),
    sh`held=; { read -r _ held <"$R/lock"; } 2>/dev/null`,
    sh`if [ -e "$D/engine" ]; then sh "$D/engine" ${`${verb}:${guardId}`} </dev/null`,
    sh`elif [ "$held" = ${guardId} ]; then tell starting; else tell state gone`,
    probe,
    sh`fi`,
    sh`tell 'done'`,
  );
}

function opening({ guardId, mark }: SettleOrder): Script {
  return block(
    sh`exec 3>&1; R=${guardFolder}; D=${`${guardFolder}/${guardId}`}; mark=${mark}; export mark; known=`,
    sh`tell() { printf '\n%s %s\n' "$mark" "$*"; }`,
  );
}
