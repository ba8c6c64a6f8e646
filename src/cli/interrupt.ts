/** Ctrl-C while nothing was touched yet: what waits is told to stop, and the verb ends with 99. */
import { exitCodes } from '../report/exit-code.ts';
import { UsageError } from './usage.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Throws when it happened. */
  check(): void;
  forget(): void;
}

export function onceInterrupted(): Interrupt {
  const stop = new AbortController();
  const listener = (): void => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, listener);
  return {
    signal: stop.signal,
    check: () => {
      if (stop.signal.aborted)
        throw new UsageError('interrupted; nothing was touched', undefined, exitCodes.interrupted);
    },
    forget: () => {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}
