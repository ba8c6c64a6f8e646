/** Remote for `ansible_connection: local`: this machine, by a child process instead of a connection. */
import type { CaptureLimits } from './capture.ts';
import { runChild } from './child.ts';
import { converse } from './conversation.ts';
import { type Become, doorWords, orderFor } from './order.ts';
import type { Remote } from './remote.ts';

export interface LocalOptions {
  /** Who gwfleet runs as: becoming the same user needs no sudo. */
  readonly user: string;
  readonly become: Become | null;
  readonly limits: CaptureLimits;
  readonly nonce: () => string;
}

export function localRemote({ user, become, limits, nonce }: LocalOptions): Remote {
  return {
    run: async (script, options) => {
      const order = orderFor(script, { user, become, nonce: nonce(), afterwards: 'ends' });
      const [shell = '', ...words] = doorWords({ user, become });
      const child = runChild(shell, words);
      const running = { ...child, kill: () => child.stop() };
      return (await converse(running, order, { ...options, limits })).outcome;
    },
    close: () => Promise.resolve(),
  };
}
