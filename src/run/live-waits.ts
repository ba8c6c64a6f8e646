/**
 * What a run of an inventory waits for at this moment, as its journal says: `status` tells the deadline of it, which is
 * nowhere on the host. Runs of other controllers cannot be seen here.
 */
import type { LiveWait } from '../status/view.ts';
import { lockHolder } from './inventory-lock.ts';
import { readPastRun } from './past-run.ts';
import { lifeOf } from './process-mark.ts';

/** `inventoryFile`: with symbolic links followed, as the lock is taken on it. */
export function liveWaits(state: string, inventoryFile: string): readonly LiveWait[] {
  const holder = lockHolder(state, inventoryFile);
  if (holder === undefined || lifeOf(holder.process) === 'dead') return [];
  const waits = new Map<string, LiveWait>();
  for (const event of readPastRun(state, holder.run)?.events ?? []) {
    if (event.type !== 'draining' && event.type !== 'drained') continue;
    const key = `${event.host} ${event.task}`;
    waits.delete(key);
    if (event.type === 'draining') {
      const untilMs = Date.parse(event.at) + event.secondsLeft * 1000;
      waits.set(key, { host: event.host, what: event.what, untilMs });
    }
  }
  return [...waits.values()];
}
