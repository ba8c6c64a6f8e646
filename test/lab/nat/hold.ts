/** Connections that a webserver of a lab holds open and uses, and what became of them. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../fleet.ts';

/** By the address that the internet sees. */
type Counts = Readonly<Record<string, number>>;

export interface HeldReport {
  readonly rounds: number;
  readonly held: Counts;
  readonly broken: Counts;
  /** Short connections opened beside them since the beginning. */
  readonly new: Counts;
  readonly failed: number;
}

export interface Held {
  /** After a whole round that began after this call. */
  report(): Promise<HeldReport>;
  /** Closes those that are seen by the address. */
  release(address: string): Promise<void>;
  quit(): Promise<void>;
}

const program = readFileSync(new URL('hold.py', import.meta.url), 'utf8');

/** Holds `count` connections; comes back when all are open. */
export async function hold(lab: Fleet, web: string, count: number): Promise<Held> {
  const folder = `/tmp/held-${count}`;
  let ended: { readonly code: number; readonly stderr: string } | undefined;
  const run = lab.exec(web, ['python3', '-', String(count), folder], { input: program }).then((done) => {
    ended = done;
  });
  const read = async (least: number): Promise<HeldReport> => {
    for (;;) {
      if (ended !== undefined) throw new Error(`the holder ended with ${ended.code}: ${ended.stderr}`);
      const { code, stdout } = await lab.exec(web, ['cat', `${folder}/report.json`]);
      const report = code === 0 ? (JSON.parse(stdout) as HeldReport) : undefined;
      if (report !== undefined && report.rounds >= least) return report;
      await sleep(200);
    }
  };
  await read(1);
  return {
    report: async () => read((await read(1)).rounds + 2),
    release: async (address) => {
      const file = `${folder}/release-${address}`;
      await lab.run(web, `touch ${file}; until [ ! -e ${file} ]; do sleep 0.1; done`);
    },
    quit: async () => {
      await lab.run(web, ['touch', `${folder}/quit`]);
      await run;
    },
  };
}
