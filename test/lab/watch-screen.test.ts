/** `watch` in a real terminal: what it shows while a gateway dies, and the terminal given back however it ends. */
import { beforeAll, expect, it } from 'vitest';
import { appliedFleet } from './applied-fleet.ts';
import type { Fleet } from './fleet.ts';
import { type Terminal, terminal, watched } from './terminal.ts';

let lab: Fleet;

beforeAll(async () => {
  lab = await appliedFleet({ gateways: 2, webservers: 2 });
});

async function watching(flags = ''): Promise<Terminal> {
  const term = await terminal({ columns: 100, rows: 24 });
  await term.line("seq -f 'my own line %g' 60");
  await term.shows(/my own line 60/);
  await term.line(watched(`node bin/gwfleet.js watch ${lab.inventory} --interval 0.5 ${flags}`, term));
  await term.shows(/✓ gw1 +carries +0:\d\d +2\/2 +·+ +1 webserver/);
  return term;
}

/** Exit 0, all as it was, and the lines that a pipe would have had. */
async function endsClean(term: Terminal): Promise<string> {
  const { code, before, after, cursor } = await term.ended();
  const all = await term.all();
  expect({ code, cursor, after }, all.join('\n')).toEqual({ code: 0, cursor: '1', after: before });
  expect(term.bytes()).not.toMatch(/\u001b\[[23]J/);
  for (let i = 1; i <= 60; i += 1) expect(all).toContain(`my own line ${i}`);
  expect(all.filter((line) => /q end|watchers can vote|gateway +is +for/.test(line))).toEqual([]);
  expect(all.join('\n')).toMatch(/^\d{4}-\d\d-\d\dT\S+ watching gw1 from web01 web02; gw2 from /m);
  return all.join('\n');
}

it('fits into each size, pauses, explains its keys, and is away after Ctrl-Z and back after fg', async () => {
  await using term = await watching();
  for (const [columns, rows] of [
    [40, 8],
    [120, 40],
    [45, 10],
    [100, 24],
  ] as const) {
    await term.resize(columns, rows);
    const title = columns < 70 ? /^watch inventory\.yaml .*…$/ : /^watch inventory\.yaml .* round \d+$/;
    const heads = async () => (await term.screen()).filter((line) => /^watch inv/.test(line));
    await expect.poll(heads, { timeout: 15_000 }).toEqual([expect.stringMatching(title)]);
    await term.shows(/✓ gw2 +carries/);
  }
  await term.keys('?');
  await term.shows(/any key: back/);
  await term.keys('x', 'p');
  await term.shows(/PAUSED, nobody looks: p goes on/);
  const round = /round (\d+)/.exec((await term.screen()).join('\n'))?.[1];
  await term.keys('p');
  await expect
    .poll(async () => /round (\d+)/.exec((await term.screen()).join('\n'))?.[1], { timeout: 15_000 })
    .not.toBe(round);
  await term.keys('C-z');
  await term.shows(/Stopped/);
  expect((await term.screen()).join('\n')).not.toMatch(/q end/);
  await term.line('fg');
  await term.shows(/q end/);
  await term.keys('q');
  await endsClean(term);
});

it.each([{ how: 'C-c' }, { how: 'SIGTERM' }])('gives the terminal back after $how', async ({ how }) => {
  await using term = await watching();
  if (how === 'SIGTERM') process.kill(await term.process(), how);
  else await term.keys(how);
  await endsClean(term);
});

it('shows how a gateway dies, what its failover is doing, and that it is done', async () => {
  await using term = await watching('--failover');
  await lab.link('gw2', 'eth1', 'down');
  await term.shows(
    /2 gateways: 1 carry, 1 DOWN; [\s\S]*✗ gw2 +DOWN +0:\d\d +0\/2 +·*[·?✗]*✗ +web0\d web0\d reach nothing/,
  );
  await term.shows(/failover from gw2 is at work +0:0\d/);
  await term.shows(/failover from gw2 is done/);
  await term.shows(/✓ gw1 +carries .* 2 webservers/);
  expect((await term.screen()).join('\n')).not.toMatch(/is at work/);
  await term.keys('q');
  const all = await endsClean(term);
  expect(all).toMatch(
    /gateway gw2 does not carry[\s\S]*failing over from gw2[\s\S]*\] changed\n[\s\S]*failover from gw2 is done/,
  );
});
