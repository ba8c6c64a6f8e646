/**
 * The interface with 400 hosts, replayed from a journal in a real terminal of 24 rows: smooth, cheap, and the summary
 * line right at every moment.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeJournal } from '../render/journal.ts';
import { recording } from '../render/recording.ts';
import { type Terminal, terminal, watched } from './terminal.ts';

const fleet = recording();
const lastsSeconds = (Date.parse(fleet.events.at(-1)!.at) - Date.parse(fleet.events[0]!.at)) / 1000;

async function replaying(term: Terminal, flags = ''): Promise<void> {
  const run = writeJournal(join(term.folder, 'state'), fleet);
  await term.line("seq -f 'my own line %g' 100");
  await term.shows(/my own line 100/);
  await term.line(watched(`node bin/gwfleet.js runs replay ${run} ${flags}`, term));
  await term.shows(/400 hosts: .*waiting/);
}

it('costs under a quarter of a core and under 50 kB a second, and loses nothing', async () => {
  await using term = await terminal();
  await replaying(term);
  const from = term.bytes().length;
  const process = await term.process();
  let cpu = 0;
  for (;;) {
    const now = cpuSeconds(process);
    if (now === undefined) break;
    cpu = now;
    // At every moment that we happen to see, the numbers add up.
    const line = (await term.screen()).find((one) => /^400 hosts: .*(running|waiting)$|^400: /.test(one));
    const parts = [...(line ?? '').slice(4).matchAll(/\d+/g)].map(([digits]) => Number(digits));
    if (line !== undefined)
      expect(
        parts.reduce((sum, part) => sum + part, 0),
        line,
      ).toBe(400);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { code, before, after } = await term.ended();
  const bytes = term.bytes();
  expect([code, after]).toEqual([0, before]);
  expect((bytes.length - from) / lastsSeconds).toBeLessThan(50_000);
  expect(cpu / lastsSeconds).toBeLessThan(0.25);
  expect(bytes).not.toMatch(/\u001b\[[23]J/);
  const all = await term.all();
  for (let i = 1; i <= 100; i += 1) expect(all).toContain(`my own line ${i}`);
  expect(all.join('\n')).toMatch(/400 hosts: 390 changed, 3 unreachable, 2 failed, 3 rolled-back, 2 unknown/);
});

it('keeps its shape from 200 columns and 50 rows down to 40 columns and 10 rows', async () => {
  await using term = await terminal({ columns: 200, rows: 50 });
  await replaying(term, '--speed 0.5');
  for (const [columns, rows] of [
    [200, 50],
    [120, 24],
    [80, 24],
    [40, 24],
    [40, 10],
    [100, 30],
  ] as const) {
    await term.resize(columns, rows);
    // A look can catch a frame half-drawn; what counts is where the screen comes to rest.
    await expect
      .poll(
        async () => {
          const screen = await term.screen();
          const heads = screen.filter((line) => /^apply prod\.yaml/.test(line)).length;
          const counts = screen.filter((line) => /^400( hosts)?: /.test(line)).length;
          return { heads, counts, fits: screen.length < rows };
        },
        { timeout: 10_000 },
      )
      .toEqual({ heads: 1, counts: 1, fits: true });
  }
  await term.keys('C-c');
  expect((await term.ended()).code).toBe(99);
});

/** User and system time; undefined when the process is gone. */
function cpuSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}
