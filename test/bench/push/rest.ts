/**
 * Waits until the machine has come to rest. A fleet that was put back to bare hosts leaves the kernel with namespaces'
 * worth of work (rules to free, processes to bury), and whoever is measured next would pay for it.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const lookMs = 250;
/** On a machine that others use too there is no rest to wait for. */
const looksAtMost = 16;

export async function rest(): Promise<void> {
  let before = ticks();
  for (let look = 0, calm = 0; look < looksAtMost && calm < 2; look += 1) {
    await delay(lookMs);
    const now = ticks();
    const busy = 1 - (now.idle - before.idle) / Math.max(1, now.all - before.all);
    calm = busy < 0.1 ? calm + 1 : 0;
    before = now;
  }
}

/** Of all processors since the start: proc_stat(5). */
function ticks(): { readonly idle: number; readonly all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const fields = line.split(/\s+/).slice(1, 9).map(Number);
  return { idle: (fields[3] ?? 0) + (fields[4] ?? 0), all: fields.reduce((sum, one) => sum + one, 0) };
}
