/** How a run ended, in a few words, for lists: `4 changed, 1 failed`; and where a host is, in one. */
import { type HostResult, hostResults } from './event.ts';
import type { HostState, RunState } from './run-state.ts';

/** In the order in which they are told. */
export const whereWords = [...hostResults, 'in flight', 'not reached'] as const;

/** A host that was begun and has no result is in flight: with a run that died, nobody has asked it yet. */
export function whereWord({ result, phase }: HostState): HostResult | 'in flight' | 'not reached' {
  return result ?? (phase === 'running' || phase === 'guarded' ? 'in flight' : 'not reached');
}

/** `life` of its process: without an end of its own, a run goes on or has died. */
export function runOutcome(state: RunState, life: 'alive' | 'dead' | 'cannot be told'): string {
  const { finished, died, takenBackBy } = state;
  const ended = finished !== undefined || died !== undefined;
  const head = died !== undefined || (!ended && life === 'dead') ? ['died'] : [];
  const running = !ended && life !== 'dead' ? ['running'] : [];
  const marks = takenBackBy.map((run) => `taken back by ${run}`);
  return [...head, ...running, ...counted(state), ...marks].join(', ');
}

function counted({ hosts }: RunState): readonly string[] {
  const words = [...hosts.values()].map(whereWord);
  return whereWords.flatMap((word) => {
    const count = words.filter((one) => one === word).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
}
