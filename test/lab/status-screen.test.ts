/** `status --watch` in a real terminal: a screen of its own, given back however it ends. */
import { expect, it } from 'vitest';
import { fleet } from './fleet.ts';
import { type Terminal, terminal, watched } from './terminal.ts';

const lab = fleet({ gateways: 1, webservers: 1 });

async function watching(): Promise<Terminal> {
  const { inventory } = await lab;
  const term = await terminal({ columns: 100, rows: 24 });
  await term.line("seq -f 'my own line %g' 60");
  await term.shows(/my own line 60/);
  await term.line(watched(`node bin/gwfleet.js status ${inventory} --watch 1`, term));
  await term.shows(/203\.0\.113\.10 +░+/);
  return term;
}

async function endsClean(term: Terminal): Promise<void> {
  const { code, before, after, cursor } = await term.ended();
  const all = await term.all();
  expect({ code, cursor, after }, all.join('\n')).toEqual({ code: 0, cursor: '1', after: before });
  for (let i = 1; i <= 60; i += 1) expect(all).toContain(`my own line ${i}`);
  expect(all.filter((line) => /q ends|░/.test(line))).toEqual([]);
  expect(all.join('\n')).toMatch(/^gateway +state +fullest/m);
}

it.each([{ key: 'q' }, { key: 'C-c' }])(
  'leaves the last look as text, and all else as it was, after $key',
  async ({ key }) => {
    await using term = await watching();
    await term.keys(key);
    await endsClean(term);
  },
);

it('fits into each size that the terminal is given, and leaves nothing behind', async () => {
  await using term = await watching();
  for (const [columns, rows] of [
    [60, 12],
    [100, 30],
    [45, 10],
    [90, 24],
  ] as const) {
    await term.resize(columns, rows);
    // tmux takes its time: the head is cut where the screen is narrow and whole where it is wide, each in turn.
    const head = columns < 70 ? /^status inv.*…$/ : /^status inv.*(again in \d+ s|looks)$/;
    await expect
      .poll(async () => (await term.screen()).filter((line) => /^status inv/.test(line)), {
        timeout: 15_000,
      })
      .toEqual([expect.stringMatching(head)]);
    await term.shows(/q ends/);
  }
  await term.keys('q');
  await endsClean(term);
});

it('is away after Ctrl-Z, back after fg, and gone after SIGTERM', async () => {
  await using term = await watching();
  await term.keys('C-z');
  await term.shows(/Stopped/);
  expect((await term.screen()).join('\n')).not.toMatch(/q ends/);
  await term.line('fg');
  await term.shows(/q ends/);
  process.kill(await term.process(), 'SIGTERM');
  await endsClean(term);
});
