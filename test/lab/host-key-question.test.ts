/** Unknown host keys as the user meets them: `hostkeys scan|check`, the one question, and nobody there to be asked. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { onTerminal } from './typed-terminal.ts';

let lab: Fleet;
let knownHosts: string;
let inventory: string;

beforeAll(async () => {
  lab = await fleet({ gateways: 1, webservers: 2 });
  knownHosts = join(lab.folder, 'new_known_hosts');
  inventory = written('new.yaml', (text) => text.replace(/ -o StrictHostKeyChecking=yes/, ''));
});

beforeEach(() => rmSync(knownHosts, { force: true }));

describe('hostkeys', () => {
  it('check says which keys are known, and exits 2 while some are not', async () => {
    const known = await lab.gwfleet(['hostkeys', 'check', lab.inventory]);
    expect(known.stdout).toMatch(/^= known +gw1 +10\.0\.0\.1 +ssh-ed25519 +SHA256:/);
    expect(known.stdout).toMatch(/host keys: 3 known\n$/);
    expect(known.code).toBe(0);
    const unknown = await lab.gwfleet(['hostkeys', 'check', inventory, '--json']);
    expect(unknown.code).toBe(2);
    const { keys, exit, written } = JSON.parse(unknown.stdout) as {
      keys: { state: string }[];
      exit: number;
      written: number;
    };
    expect([exit, written, ...keys.map(({ state }) => state)]).toEqual([
      2,
      0,
      'unknown',
      'unknown',
      'unknown',
    ]);
  });

  it('scan shows fingerprints, writes after --yes only, and what it wrote is known', async () => {
    const shown = await lab.gwfleet(['hostkeys', 'scan', inventory]);
    expect(shown.code).toBe(5);
    expect(shown.stderr).toMatch(/nothing was written: there is no terminal/);
    const print = await lab.run('gw1', 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d" " -f2');
    expect(shown.stdout).toContain(print.trim());
    const scan = await lab.gwfleet(['hostkeys', 'scan', inventory, '--yes']);
    expect(scan.stderr).toContain(`3 host keys are now known (${knownHosts})`);
    expect(scan.code).toBe(0);
    expect(execFileSync('ssh-keygen', ['-F', '10.0.0.1', '-f', knownHosts], { encoding: 'utf8' })).toContain(
      'ssh-ed25519',
    );
    expect((await lab.gwfleet(['hostkeys', 'check', inventory])).code).toBe(0);
    expect((await lab.gwfleet(['hostkeys', 'scan', inventory, '--limit', 'gw1'])).stdout).toMatch(
      /host keys: 1 known\n$/,
    );
  });

  it('a changed key is told with the command to type, and never written over', async () => {
    const other = readFileSync(join(lab.folder, 'id_ed25519.pub'), 'utf8');
    writeFileSync(knownHosts, `10.0.0.1 ${other}`);
    const scan = await lab.gwfleet(['hostkeys', 'scan', inventory, '--yes', '--limit', 'gw1']);
    expect(scan.code).toBe(2);
    expect(scan.stdout).toMatch(/^! changed +gw1 .*new_known_hosts:1\)\n +.*ssh-keygen -R '10\.0\.0\.1' -f/);
    expect(readFileSync(knownHosts, 'utf8')).toBe(`10.0.0.1 ${other}`);
  });
});

describe('without a terminal', () => {
  it('an unknown key makes its host unreachable, with what to do', async () => {
    const planned = await lab.gwfleet(['plan', inventory]);
    expect(planned.code).toBe(4);
    expect(planned.stdout).toMatch(
      /x gw1 unreachable: the host key of 10\.0\.0\.1 is not known: .*SHA256:.*\n.*gwfleet hostkeys scan/,
    );
  });

  it('StrictHostKeyChecking=ask is a question that nobody can answer: exit 5, unless --yes says not to ask', async () => {
    const asking = written('asking.yaml', (text) =>
      text.replace('StrictHostKeyChecking=yes', 'StrictHostKeyChecking=ask'),
    );
    const planned = await lab.gwfleet(['plan', asking]);
    expect(planned.code).toBe(5);
    expect(planned.stderr).toMatch(/These 3 host keys .*[\s\S]*no terminal to ask on; nothing was touched/);
    expect((await lab.gwfleet(['apply', asking, '--yes'])).code).toBe(4);
  });

  it('accept-new learns and says so', async () => {
    const learning = written('learning.yaml', (text) => text.replace('Checking=yes', 'Checking=accept-new'));
    const planned = await lab.gwfleet(['plan', learning, '--limit', 'gw1,web01']);
    expect(planned.code).toBe(0);
    expect(planned.stderr).toContain(`the host key of 10.0.0.1 is now known (${knownHosts})`);
  });
});

describe('on a terminal', () => {
  it('all unknown keys are one question before anything is drawn; yes writes them, and nobody asks again', async () => {
    const first = onTerminal(['plan', inventory]);
    await first.sees(
      /These 3 host keys are in no known_hosts file:[\s\S]*Trust all 3 and write them to .*\? Type 'yes': /,
    );
    first.type('yes\n');
    await first.sees(/3 host keys are now known[\s\S]*Plan: /);
    expect(await first.ended).toBe(0);
    expect(first.shown().match(/Type '/g)).toHaveLength(1);
    const again = onTerminal(['plan', inventory]);
    expect(await again.ended).toBe(0);
    expect(again.shown()).not.toContain('known_hosts');
  });

  it('no leaves them unreachable, a fingerprint is a yes for one, Ctrl-C ends with 99', async () => {
    const no = onTerminal(['plan', inventory]);
    await no.sees(/Type 'yes': /);
    no.type('no\n');
    expect(await no.ended).toBe(4);
    const one = onTerminal(['plan', inventory, '--limit', 'gw1']);
    await one.sees(/Type 'yes' or the fingerprint: /);
    one.type(`${/SHA256:\S+/.exec(one.shown())?.[0]}\n`);
    expect(await one.ended).toBe(0);
    const left = onTerminal(['plan', inventory]);
    await left.sees(/Type 'yes': /);
    left.type('\u0003');
    expect(await left.ended).toBe(99);
    expect(left.shown()).toMatch(/interrupted; nothing was touched/);
  });

  it('the passphrase of a key is asked once for all hosts, again when it was wrong, and never shown', async () => {
    const key = join(lab.folder, 'locked');
    writeFileSync(key, readFileSync(join(lab.folder, 'id_ed25519')), { mode: 0o600 });
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', key]);
    const locked = written('locked.yaml', (text) =>
      text
        .replace(/private_key_file: .*/, `private_key_file: ${key}`)
        .replaceAll('new_known_hosts', 'known_hosts'),
    );
    const run = onTerminal(['plan', locked]);
    await run.sees(/passphrase of .*locked: /);
    run.type('wrong\n');
    await run.sees(/that is not its passphrase; passphrase of /);
    run.type('open sesame\n');
    expect(await run.ended).toBe(0);
    expect(run.shown().match(/passphrase of /g)).toHaveLength(2);
    expect(run.shown()).not.toContain('sesame');
    const alone = await lab.gwfleet(['plan', locked]);
    expect(alone.code).toBe(5);
    expect(alone.stderr).toMatch(/passphrase .* cannot be asked: there is no terminal\n +.*ssh-add/);
  });
});

/** The lab's inventory, changed, with a known_hosts file of its own. */
function written(name: string, change: (text: string) => string): string {
  const file = join(lab.folder, name);
  const text = readFileSync(lab.inventory, 'utf8').replace('/known_hosts', '/new_known_hosts');
  writeFileSync(file, change(text));
  return file;
}
