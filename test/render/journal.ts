/** A recording in the folder where the runs of the past lie. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ourProcess } from '../../src/run/process-mark.ts';
import type { Recording } from './recording.ts';

/** `state` is what XDG_STATE_HOME says; gives the run's id. */
export function writeJournal(state: string, { events, plan }: Recording): string {
  const [first] = events;
  if (first?.type !== 'run-started') throw new Error('a recording begins with run-started');
  const { run, command, inventory, hosts, at } = first;
  const folder = join(state, 'gwfleet', 'runs', run);
  mkdirSync(folder, { recursive: true });
  const record = {
    ...{
      v: 1,
      run,
      command,
      args: [inventory],
      flags: {},
      cwd: '/srv/fleet',
      inventory: `/srv/fleet/${inventory}`,
    },
    ...{
      inventoryFile: `/srv/fleet/${inventory}`,
      hosts,
      owner: 'ann@desk',
      startedAt: at,
      process: ourProcess(),
    },
  };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(record));
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({ gwfleet: 'plan', v: 1, plan, tasks: [], gates: [] }),
  );
  writeFileSync(join(folder, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return run;
}
