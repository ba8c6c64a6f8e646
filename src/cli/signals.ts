/**
 * Ctrl-C, SIGTERM, and SIGHUP of a closed terminal: all mean the same. `timeout` and a closing terminal tell a whole
 * group of processes, and some of them twice: what follows within a moment is the same word, not a second one.
 */

const momentMs = 300;

/** Gives the function that lets go of the signals. */
export function onSignals(listener: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let heardMs = Number.NEGATIVE_INFINITY;
  const hear = (): void => {
    const nowMs = performance.now();
    if (nowMs - heardMs < momentMs) return;
    heardMs = nowMs;
    listener();
  };
  for (const signal of signals) process.on(signal, hear);
  return () => {
    for (const signal of signals) process.off(signal, hear);
  };
}
