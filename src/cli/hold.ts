/** The pause before the next batch: asked for by a key, waited for by the roll, ended by the key or by a stop. */
export interface Hold {
  toggle(): void;
  state(): 'no' | 'asked' | 'holding';
  /** Resolves at once unless a pause was asked for. */
  wait(stop: AbortSignal): Promise<void>;
}

export function openHold(): Hold {
  let asked = false;
  let release: (() => void) | undefined;
  return {
    state: () => (release !== undefined ? 'holding' : asked ? 'asked' : 'no'),
    toggle: () => {
      asked = !asked;
      release?.();
    },
    wait: async (stop) => {
      if (!asked || stop.aborted) return;
      await new Promise<void>((resolve) => {
        release = resolve;
        stop.addEventListener('abort', () => resolve(), { once: true });
      });
      asked = false;
      release = undefined;
    },
  };
}
