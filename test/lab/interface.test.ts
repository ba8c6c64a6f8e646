/**
 * The interface in a real terminal, drawn by a real run: nothing of the user's scrollback is lost, nothing of ours is
 * left behind, and the terminal is afterwards as it was, however the run ended.
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { type Terminal, type TerminalOptions, terminal, watched } from './terminal.ts';

/** Long enough to look at, and something to do in every run. */
const slow = (mark: string, seconds: number): string => `
- name: Slow and steady
  hosts: all
  serial: 2
  tasks:
    - { name: First step, command: { argv: [sh, -c, "sleep ${seconds}; touch /tmp/one-${mark}"], creates: /tmp/one-${mark} } }
    - { name: Second step, command: { argv: [sh, -c, "sleep ${seconds}; touch /tmp/two-${mark}"], creates: /tmp/two-${mark} } }
`;

describe('the interface', () => {
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 4 });
  });
  const apply = (term: Terminal, flags: string, seconds = 1): string => {
    const playbook = join(term.folder, 'slow.yaml');
    writeFileSync(playbook, slow(basename(term.folder), seconds));
    return watched(`node bin/gwfleet.js apply ${lab.inventory} -p ${playbook} --yes ${flags}`, term);
  };

  /** A terminal with a hundred lines of the user's own words in it, and a run that is under way. */
  async function running(options: TerminalOptions = {}, seconds = 1): Promise<Terminal> {
    const term = await terminal(options);
    await term.line("seq -f 'my own line %g' 100");
    await term.shows(/my own line 100/);
    await term.line(apply(term, '', seconds));
    await term.shows(/batch 1\/3|waiting/);
    return term;
  }

  /** Nothing lost, nothing left, everything as before. */
  async function endsClean(term: Terminal, code: number): Promise<readonly string[]> {
    const ended = await term.ended();
    expect(ended.code, (await term.all()).join('\n')).toBe(code);
    expect(ended.after).toBe(ended.before);
    expect(ended.cursor).toBe('1');
    expect(term.bytes()).not.toMatch(/\u001b\[[23]J/);
    const all = await term.all();
    for (let i = 1; i <= 100; i += 1) expect(all).toContain(`my own line ${i}`);
    return all;
  }

  /** A frame has left no trace: what only frames have is nowhere. */
  function hasNoGhosts(all: readonly string[]): void {
    expect(all.filter((line) => /waiting$|batch \d\/\d|\? help/.test(line))).toEqual([]);
  }

  it('ends in rows that stay and one line of counts', async () => {
    await using term = await running();
    await term.shows(/First step/);
    const all = await endsClean(term, 0);
    hasNoGhosts(all);
    expect(all.join('\n')).toMatch(/✓ gw1 +changed\n(.*changed\n){5}6 hosts: 6 changed, [\d.]+ s/);
  });

  it('leaves no line behind when the terminal changes its size again and again', async () => {
    await using term = await running({ columns: 120, rows: 40 }, 2);
    for (const [columns, rows] of [
      [60, 40],
      [40, 20],
      [100, 24],
      [50, 24],
      [90, 30],
    ] as const) {
      await term.shows(/step/);
      await term.resize(columns, rows);
      await expect
        .poll(async () => (await term.screen()).filter((line) => /apply inv/.test(line)).length, {
          timeout: 15_000,
        })
        .toBe(1);
    }
    // Faster than anybody is told of it: frames for one size arrive in another.
    for (let i = 0; i < 30; i += 1) await term.resize(40 + ((i * 37) % 90), 8 + ((i * 11) % 30));
    await term.resize(80, 24);
    await expect
      .poll(async () => (await term.screen()).filter((line) => /apply inv|\? help/.test(line)).length, {
        timeout: 15_000,
      })
      .toBe(2);
    hasNoGhosts(await endsClean(term, 0));
  });

  it('fits into a terminal of 40 columns and 10 rows, without colour, in ASCII', async () => {
    await using term = await running({ columns: 40, rows: 10, env: { NO_COLOR: '1', LANG: 'C' } });
    await term.shows(/> gw1 +[|/\\-]\. +First step/);
    const all = await endsClean(term, 0);
    hasNoGhosts(all);
    const drawn = term.bytes().slice(term.bytes().indexOf('apply inventory.yaml'));
    expect(drawn).not.toMatch(/\u001b\[[\d;]*m/);
    expect(drawn).toMatch(/^[\x00-\x7f]*$/);
  });

  it('opens a host, pauses before the next batch, and goes on', async () => {
    await using term = await running();
    await term.keys('p');
    await term.shows(/pauses before the next batch/);
    await term.keys('j', 'Enter');
    await term.shows(/\d\d:\d\d:\d\d \[gw1\] First step done/);
    await term.keys('Escape', 'Escape');
    await term.shows(/PAUSED before the next batch/);
    await term.shows(/6 hosts: 2 changed, 4 waiting/);
    await term.keys('?');
    await term.shows(/what the plan changes on this host/);
    await term.keys('?');
    await term.keys('p');
    await endsClean(term, 0);
  });

  it('stops gracefully: hosts in flight finish, no other is begun', async () => {
    await using term = await running();
    await term.keys('q');
    await term.shows(/stopping/);
    const all = await endsClean(term, 99);
    expect(all.join('\n')).toMatch(/6 hosts: 2 changed, 4 not reached/);
  });

  it.each([
    { how: 'Ctrl-C once', keys: ['C-c'] },
    { how: 'Ctrl-C twice', keys: ['C-c', 'C-c'] },
  ])('gives the terminal back after $how', async ({ keys }) => {
    await using term = await running();
    await term.shows(/First step/);
    for (const key of keys) await term.keys(key);
    hasNoGhosts(await endsClean(term, 99));
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('gives the terminal back after %s', async (signal) => {
    await using term = await running();
    await term.shows(/First step/);
    process.kill(await term.process(), signal);
    hasNoGhosts(await endsClean(term, 99));
  });

  it('is away after Ctrl-Z, and back after fg', async () => {
    await using term = await running();
    await term.shows(/First step/);
    await term.keys('C-z');
    await term.shows(/Stopped/);
    await term.line('stty -a | grep -c -- -icanon; echo shell is here');
    await term.shows(/^0\nshell is here/m);
    expect((await term.screen()).join('\n')).not.toMatch(/\? help/);
    await term.line('fg');
    await term.shows(/\? help/);
    await term.shows(/6 hosts: 6 changed/);
  });

  it.each([
    { env: { CI: '1' }, flags: '' },
    { env: { TERM: 'dumb' }, flags: '' },
    { env: {}, flags: '2>&1 | cat' },
  ])('is plain lines with $env $flags', async ({ env, flags }) => {
    await using term = await terminal({ env });
    await term.line(apply(term, `-l gw1 ${flags}`));
    await term.ended();
    expect((await term.all()).join('\n')).toMatch(/\[gw1\] First step done[\s\S]*1 host: 1 changed/);
    expect(term.bytes()).not.toMatch(/\u001b\[\?25l|\u001b\[1A|\u001b\[2K/);
  });
});
