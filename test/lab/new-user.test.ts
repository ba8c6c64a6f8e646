/**
 * What a new user types first, on a real fleet: each try that goes wrong ends in words that say what to do, with the
 * exit code of the contract. Misspelt words stand in test/cli/learn.test.ts, broken files in bad-input.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { onTerminal } from './typed-terminal.ts';

describe('a new user', { timeout: 240_000 }, () => {
  let lab: Fleet;
  const file = (name: string): string => join(lab.folder, name);
  const env = (more: object = {}) => ({ env: { XDG_STATE_HOME: file('state'), NO_COLOR: '1', ...more } });
  const gwfleet = (...args: readonly string[]) => lab.gwfleet(args, env());
  /** The lab's inventory, with other words in it. */
  const changed = (name: string, from: string | RegExp, to: string): string => {
    writeFileSync(file(name), readFileSync(lab.inventory, 'utf8').replace(from, to));
    return file(name);
  };

  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 2 });
  });

  it.each([
    ['a wrong path', ['plan', '/nowhere/inventory.yaml'], /does not exist\n +hint: the path is taken from/],
    ['a folder', ['plan', '/tmp'], /is a folder\n +hint: name the file in it/],
    ['a typo in a group', ['plan', 'FLEET', '-l', 'gatways'], /did you mean 'gateways'\?/],
    ['no terminal where a question would be', ['apply', 'FLEET'], /no terminal to ask on\n +.*--yes/],
    [
      '--progress tty without one',
      ['apply', 'FLEET', '--yes', '--progress', 'tty'],
      /needs a terminal.*\n +--progress plain/,
    ],
  ])('tries %s: exit 5', async (_, words, told) => {
    const { code, stdout, stderr } = await gwfleet(
      ...words.map((word) => (word === 'FLEET' ? lab.inventory : word)),
    );
    expect(stderr).toMatch(told);
    expect([code, stdout]).toEqual([5, '']);
  });

  it('has a host that is down, and one that refuses the key: exit 4, and each says what to look at', async () => {
    const down = await gwfleet('plan', changed('down.yaml', '10.0.1.2', '10.0.1.99'), '-l', 'web02');
    expect(down.stdout).toMatch(/x web02 unreachable: .*10\.0\.1\.99.*\n +is it up, and/);
    expect(down.code).toBe(4);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('other_key')]);
    const wrong = await gwfleet('plan', changed('key.yaml', 'id_ed25519', 'other_key'), '-l', 'gw1');
    expect(wrong.stdout).toMatch(/x gw1 unreachable: .*refused the login of root, tried: .*other_key/);
    expect(wrong.stdout).toMatch(/try it by hand: ssh -v -p 22 root@10\.0\.0\.1/);
    expect(wrong.code).toBe(4);
    const none = await gwfleet('plan', changed('none.yaml', 'id_ed25519', 'no_key'), '-l', 'gw1');
    expect(none.stdout).toMatch(/no_key does not exist\n +check ansible_ssh_private_key_file/);
    expect(none.code).toBe(4);
  });

  it('cuts the plan short with head: nothing but its first lines, and no complaint', async () => {
    const { stdout, stderr } = await lab.exec(
      'controller',
      [
        'bash',
        '-c',
        `node ${process.cwd()}/bin/gwfleet.js plan ${lab.inventory} -D | head -n 2; echo "\${PIPESTATUS[0]}"`,
      ],
      env(),
    );
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^gateways {2}1 host/);
    expect([lines.length, lines[2]]).toEqual([3, '0']);
    expect(stderr).not.toMatch(/EPIPE|at .*\.js/);
  });

  it.each([
    ['CI', { CI: '1', TERM: 'xterm', NO_COLOR: '' }],
    ['a dumb terminal', { TERM: 'dumb', NO_COLOR: '' }],
    ['NO_COLOR', { TERM: 'dumb', NO_COLOR: '1' }],
  ])('in %s: plain lines, nothing drawn, the same end', async (name, more) => {
    const run = onTerminal(['apply', lab.inventory, '--yes'], { XDG_STATE_HOME: file('state'), ...more });
    expect(await run.ended).toBe(0);
    expect(run.shown()).toMatch(/batch 1\/\d: 1 host/);
    expect(run.shown()).toMatch(/3 hosts: .*(?:changed|ok), [\d.]+ s\r?\n$/);
    // Cursors are never moved; colours only where a terminal has them.
    expect(run.shown()).not.toMatch(/\u001b\[[\d?]*[A-HJKhl]/);
    if (name !== 'CI') expect(run.shown()).not.toContain('\u001b');
  });
});
