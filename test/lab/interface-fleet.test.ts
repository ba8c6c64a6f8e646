/**
 * The interface with 400 and 1,000 hosts, replayed from a journal in a real terminal of 24 rows: smooth, cheap, and the
 * summary line of every single frame what the reducer says of that moment.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { symbolsFor } from '../../src/render/live/symbols.ts';
import { hostResults } from '../../src/report/event.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import { standingOf } from '../../src/report/standing.ts';
import { writeJournal } from '../render/journal.ts';
import { type Recording, recording } from '../render/recording.ts';
import { type Terminal, terminal, watched } from './terminal.ts';

interface Replayed {
  readonly fleet: Recording;
  readonly hosts: number;
}

const fleetOf = (hosts: number): Replayed => ({
  hosts,
  fleet: recording({ gateways: hosts / 50, webservers: hosts - hosts / 50 }),
});

function lastsSeconds({ events }: Recording): number {
  return (Date.parse(events.at(-1)!.at) - Date.parse(events[0]!.at)) / 1000;
}

async function replaying(term: Terminal, { fleet, hosts }: Replayed, flags = ''): Promise<void> {
  const run = writeJournal(join(term.folder, 'state'), fleet);
  await term.line("seq -f 'my own line %g' 100");
  await term.shows(/my own line 100/);
  await term.line(watched(`node bin/gwfleet.js runs replay ${run} ${flags}`, term));
  await term.shows(new RegExp(`${hosts} hosts: .*waiting`));
}

interface Sum {
  readonly ms: number;
  readonly words: string;
  /** With marks for the words, where those do not fit. */
  readonly short: string;
}

/** What the reducer has to say after each event, and when. */
function trueSums({ events }: Recording): readonly Sum[] {
  const startMs = Date.parse(events[0]!.at);
  const marks = symbolsFor({ LANG: 'C.UTF-8' });
  let state = emptyRunState;
  return events.map((event) => {
    state = reduce(state, event);
    const { results, running, waiting } = standingOf(state);
    const counts = [
      ...hostResults.map((name) => [name, marks[name], results[name]] as const),
      ['running', marks.runs, running] as const,
      ['waiting', marks.waits, waiting] as const,
    ].filter(([, , count]) => count > 0);
    return {
      ms: Date.parse(event.at) - startMs,
      words: `${state.hosts.size} hosts: ${counts.map(([word, , count]) => `${count} ${word}`).join(', ')}`,
      short: `${state.hosts.size}: ${counts.map(([, mark, count]) => `${count}${mark}`).join(' ')}`,
    };
  });
}

/** Every frame that was written: the clock in its first line, its line of counts. */
function framesIn(bytes: string): readonly { readonly second: number; readonly sum: string }[] {
  let [second, sum] = [0, ''];
  return bytes.split('\u001b[?2026l').flatMap((frame) => {
    const rows = stripVTControlCharacters(frame.replaceAll(/\u001b\[\d+;1H/g, '\n')).split('\n');
    for (const row of rows) {
      const [, minutes, seconds] = /^apply prod\.yaml {2}(\d+):(\d\d)/.exec(row) ?? [];
      if (minutes !== undefined) second = Number(minutes) * 60 + Number(seconds);
      if (/^\d+( hosts)?: /.test(row)) sum = row.trimEnd();
    }
    return sum === '' || !frame.includes('\u001b[?2026h') ? [] : [{ second, sum }];
  });
}

/** A frame shows what was true when it was drawn: ten times a second, on a busy machine a little later. */
const lateMs = 1500;

it.each([{ hosts: 400 }, { hosts: 1000 }])(
  'shows a run of $hosts hosts for a quarter of a core and 50 kB a second, each sum right when it is shown',
  async ({ hosts }) => {
    await using term = await terminal();
    const replayed = fleetOf(hosts);
    const seconds = lastsSeconds(replayed.fleet);
    await replaying(term, replayed);
    const used = await useOf(await term.process());
    const { code, before, after } = await term.ended();
    const bytes = term.bytes();
    const all = await term.all();
    expect([code, after], all.join('\n')).toEqual([0, before]);
    const perSecond = bytes.length / seconds;
    const share = used.cpuSeconds / seconds;
    console.log(
      `${hosts} hosts, ${seconds.toFixed(1)} s: ${(100 * share).toFixed(1)} % of a core with its start, ${(perSecond / 1000).toFixed(1)} kB a second, ${Math.round(used.peakKb / 1024)} MB`,
    );
    expect(perSecond).toBeLessThan(50_000);
    expect(share).toBeLessThan(0.25);
    expect(used.peakKb).toBeLessThan(300 * 1024);
    expect(bytes).not.toMatch(/\u001b\[[23]J/);
    const sums = trueSums(replayed.fleet);
    const frames = framesIn(bytes);
    expect(frames.length).toBeGreaterThan(20);
    for (const { second, sum } of frames) {
      const [fromMs, toMs] = [1000 * second - lateMs, 1000 * (second + 1)];
      const first = sums.findLastIndex(({ ms }) => ms <= fromMs);
      const near = sums.filter(({ ms }, index) => index >= first && ms <= toMs);
      const right = near.map(({ words, short }) => (words.length <= 80 ? words : short));
      expect(right, `at ${second} s`).toContain(sum);
    }
    for (let i = 1; i <= 100; i += 1) expect(all).toContain(`my own line ${i}`);
    expect(all.join('\n')).toContain(sums.at(-1)!.words);
  },
);

it('keeps its shape from 200 columns and 50 rows down to 40 columns and 10 rows', async () => {
  await using term = await terminal({ columns: 200, rows: 50 });
  await replaying(term, fleetOf(400), '--speed 0.5');
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
  const all = await term.all();
  for (let i = 1; i <= 100; i += 1) expect(all).toContain(`my own line ${i}`);
  expect(all.filter((line) => /^apply prod\.yaml|^400|q stop|batch \d/.test(line))).toEqual([]);
});

interface Used {
  readonly cpuSeconds: number;
  readonly peakKb: number;
}

/** User and system time and the most memory of a process, when it has ended. */
async function useOf(pid: number): Promise<Used> {
  let used: Used = { cpuSeconds: 0, peakKb: 0 };
  for (;;) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z') return used;
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      used = {
        cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
        peakKb: Number(peak ?? used.peakKb),
      };
    } catch {
      return used;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
