/**
 * Ctrl-C, as it is pressed in a real terminal, and its relatives: at the question, while hosts are looked at, in the
 * roll, in the soak. The first one begins no further host and ends those in flight; the second leaves at once, and the
 * guards on the hosts still hold.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, inventoryLocks, journalOf, runIds, start, stateOf } from './process.ts';

const slow = `
- hosts: webservers
  serial: 1
  confirm_timeout: 8s
  tasks:
    - { name: Default route, default_route: { via: "{{ gateway }}", drain: false } }
    - { name: Waits, command: { cmd: "until [ -e /run/go ]; do sleep 0.1; done", unless: "test -e /run/go" } }
`;

const soaking = `
- hosts: webservers
  serial: 1
  soak: 10m
  tasks:
    - { name: Default route, default_route: { via: "{{ gateway }}", drain: false } }
  gate:
    - { name: The internet answers, check: { tcp: "198.51.100.7:80" } }
`;

let lab: Fleet;
const file = (name: string): string => join(lab.folder, name);
const apply = (playbook: string): readonly string[] => [
  'apply',
  lab.inventory,
  '-p',
  file(playbook),
  '--yes',
];
const webs = ['web01', 'web02', 'web03'];
const onAll = (script: string): Promise<unknown> => Promise.all(webs.map((web) => lab.run(web, script)));

beforeAll(async () => {
  lab = await fleet({ gateways: 1, webservers: 3 });
  writeFileSync(file('slow.yaml'), slow);
  writeFileSync(file('soaking.yaml'), soaking);
  await gwfleet(lab, ['apply', lab.inventory, '--yes', '--limit', 'gateways']);
});

/** Hosts as before: no route, no mark, no guard that is pending. */
async function fresh(): Promise<void> {
  await onAll(
    'while ls /run/gwfleet/lock /run/gwfleet/*/armed 2>/dev/null; do sleep 0.1; done; ip route del default 2>/dev/null; rm -f /run/go',
  );
}

describe('the first signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s: begins no further host, ends the one in flight, tells who is where: exit 99',
    async (signal) => {
      await fresh();
      const run = start(lab, apply('slow.yaml'));
      await run.until(/\[web01\] guard armed/);
      run.child.kill(signal);
      await run.until(/hosts in flight finish or roll back/);
      await lab.run('web01', 'touch /run/go');
      const { code, stdout } = await run.ended;
      expect(`${code} ${stdout}`).toMatch(
        /^99 stopped: interrupted: no further host was begun\n {2}changed {6}web01\n {2}not reached {2}web02 web03\n/,
      );
      expect(inventoryLocks(lab)).toEqual([]);
    },
  );

  it('twice in a moment, as timeout and a closing terminal send it, is one', async () => {
    await fresh();
    const run = start(lab, apply('slow.yaml'));
    await run.until(/\[web01\] guard armed/);
    run.child.kill('SIGTERM');
    run.child.kill('SIGINT');
    await run.until(/hosts in flight finish or roll back/);
    await lab.run('web01', 'touch /run/go');
    const { code, stdout } = await run.ended;
    expect(`${code} ${stdout}`).toMatch(/^99 stopped: interrupted/);
  });

  it('ends the soak at once', async () => {
    await fresh();
    const run = start(lab, apply('soaking.yaml'));
    await run.until(/\[web01\] changed/);
    run.child.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(`${code} ${stdout}`).toMatch(/^99 [\s\S]*not reached {2}web02 web03/);
  });

  it('ends the look at a host that does not answer', async () => {
    await fresh();
    await lab.run('web02', 'kill -STOP $(cat /run/sshd.pid)');
    const run = start(lab, apply('slow.yaml'));
    await run.until(/run .*: apply/);
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    await lab.run('web02', 'kill -CONT $(cat /run/sshd.pid)');
    expect(`${code} ${stdout}${stderr}`).toMatch(/^99 /);
    expect(await lab.run('web01', 'ip route show default')).toBe('');
  });
});

describe('the second signal', () => {
  it('leaves at once, says which guards hold until when, and the next command asks those hosts', async () => {
    await fresh();
    const run = start(lab, apply('slow.yaml'));
    await run.until(/\[web01\] guard armed/);
    run.child.kill('SIGINT');
    await run.until(/once more leaves at once/);
    await new Promise((resolve) => setTimeout(resolve, 400));
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(99);
    expect(stderr).toMatch(
      /web01: its guard holds; it rolls back by itself at \d\d:\d\d:\d\d UTC, not before\n/,
    );
    expect(stderr).toMatch(/ {2}in flight {4}web01\n {2}not reached {2}web02 web03\n/);
    expect(inventoryLocks(lab)).toEqual([]);
    const [left = ''] = runIds(lab);
    // The step still runs there; the guard ends it before it goes back.
    const guards = () => lab.run('web01', `ls /run/gwfleet/${left}.1`);
    await expect.poll(guards, { timeout: 60_000, interval: 300 }).toContain('rolled-back-verified');
    await onAll('touch /run/go');
    const again = await gwfleet(lab, apply('slow.yaml'));
    expect(`${again.code} ${again.stderr}`).toMatch(
      /^0 [\s\S]*in flight: web01\n[\s\S]*\[web01\] .*rolled back, verified/,
    );
    expect(journalOf(lab, left).at(-1)).toMatchObject({ type: 'run-died', hosts: ['web01'], unanswered: [] });
  });
});

/** A server of tmux for each terminal: one that ends with its last session is in the way of the next. */
let session = '';
let terminals = 0;
const tmux = (...args: readonly string[]): string =>
  execFileSync('tmux', ['-L', session, ...args], { encoding: 'utf8' });
const screen = (): string => tmux('capture-pane', '-p', '-S', '-200', '-t', session);

/** A real terminal with gwfleet in it; its exit code stands on the screen at the end. */
function terminal(args: readonly string[]): void {
  const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));
  const words = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
  terminals += 1;
  session = `gwfleet-test-${process.pid}-${terminals}`;
  // Before the interface has the keyboard, Ctrl-C is a signal to the shell as well: it must outlive it.
  const line = `trap : INT; XDG_STATE_HOME='${stateOf(lab)}' ${words}; echo "exit $?"; sleep 600`;
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', '120', '-y', '40', '-s', session, 'sh', '-c', line);
}

const shows = (words: RegExp) => expect.poll(screen, { timeout: 60_000, interval: 100 }).toMatch(words);

describe('in a terminal', () => {
  afterAll(() => {
    try {
      tmux('kill-server');
    } catch {
      // It ended with its last session.
    }
  });

  it('Ctrl-C at the question touches nothing: exit 99', async () => {
    await fresh();
    terminal(['apply', lab.inventory, '-p', file('slow.yaml')]);
    await shows(/Apply\? Type 'yes':/);
    tmux('send-keys', '-t', session, 'C-c');
    await shows(/nothing was touched[\s\S]*exit 99/);
    tmux('kill-session', '-t', session);
    expect(await lab.run('web01', 'ip route show default')).toBe('');
    expect(inventoryLocks(lab)).toEqual([]);
  });

  it('Ctrl-C in the roll ends the host in flight and tells who is where: exit 99', async () => {
    await fresh();
    terminal(apply('slow.yaml'));
    await expect.poll(() => lab.run('web01', 'ip route show default'), { timeout: 60_000 }).not.toBe('');
    tmux('send-keys', '-t', session, 'C-c');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await lab.run('web01', 'touch /run/go');
    await shows(/changed +web01[\s\S]*not reached +web02 web03[\s\S]*exit 99/);
    tmux('kill-session', '-t', session);
  });

  it('a terminal that is closed is a first Ctrl-C: the host in flight comes to its end', async () => {
    await fresh();
    terminal(apply('slow.yaml'));
    await expect.poll(() => lab.run('web01', 'ip route show default'), { timeout: 60_000 }).not.toBe('');
    tmux('kill-session', '-t', session);
    await lab.run('web01', 'touch /run/go');
    const [run = ''] = runIds(lab);
    await expect
      .poll(() => journalOf(lab, run).at(-1), { timeout: 60_000 })
      .toMatchObject({ type: 'run-finished', exit: 99 });
    expect(journalOf(lab, run)).toContainEqual(
      expect.objectContaining({ type: 'host-finished', host: 'web01', result: 'changed' }),
    );
    // It is let go of after the last event.
    await expect.poll(() => inventoryLocks(lab), { timeout: 60_000 }).toEqual([]);
  });
});
