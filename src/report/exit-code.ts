/**
 * Exit codes as a promise (see the contract): 7 wins over 99, that over 3 and 2, those over 4, and 0 is only for
 * hosts as wanted. 3 holds only when every host that failed is verified back at its previous state.
 */
import { countResults, type RunState } from './run-state.ts';

export const exitCodes = {
  asWanted: 0,
  bug: 1,
  failed: 2,
  rolledBack: 3,
  unreachable: 4,
  usage: 5,
  staleOrLocked: 6,
  unknown: 7,
  interrupted: 99,
} as const;

export interface Ending {
  readonly interrupted?: boolean;
  /** Nothing was touched anywhere, because of a stale plan or held locks. */
  readonly refused?: boolean;
}

export function exitCode(state: RunState, ending: Ending = {}): number {
  const counts = countResults(state);
  if (counts.unknown > 0) return exitCodes.unknown;
  if (ending.interrupted === true) return exitCodes.interrupted;
  if (ending.refused === true) return exitCodes.staleOrLocked;
  if (allTouchedAreBack(state)) return exitCodes.rolledBack;
  if (counts.failed > 0 || counts['rolled-back'] > 0) return exitCodes.failed;
  if (counts.unreachable > 0) return exitCodes.unreachable;
  // A gate stopped it: every host that was begun is well, and others were never begun.
  return state.stopped === undefined ? exitCodes.asWanted : exitCodes.failed;
}

/** A host that kept the change of an earlier play is not back, though its last play was. */
function allTouchedAreBack(state: RunState): boolean {
  const touched = [...state.hosts.values()].filter((host) => host.touched);
  return touched.length > 0 && touched.every(({ result, kept }) => result === 'rolled-back' && kept === 0);
}
