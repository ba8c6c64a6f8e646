/** The guard on a real host: a namespace of its own, /run of its own, dash, and what happens when nobody answers. */
import { afterEach, describe, expect, it } from 'vitest';
import { applyScript } from '../../src/guard/apply-script.ts';
import type { TaskPlan } from '../../src/plan/plan.ts';
import {
  create,
  endMachines,
  type Machine,
  machine,
  guardOrder as order,
  task,
  markerTypes as types,
  until,
} from './guard-machine.ts';

afterEach(endMachines);

const apply = (host: Machine, tasks: readonly TaskPlan[], seconds: number | null) =>
  host.begin(order(tasks, seconds)).run;
const settle = (host: Machine, verdict: string) => host.contact(verdict);
const left = (host: Machine) => host.run('ls /run /run/gwfleet 2>/dev/null; pgrep -f gwfleet/2026').stdout;

describe.each(['dash', 'busybox'])('the guard under %s', (shell) => {
  it('keeps a change that is confirmed, and leaves no lock and no watchdog', async () => {
    const host = machine(shell);
    const journal = apply(host, [create('a'), create('b')], 30);
    expect(journal).toMatchObject({ armed: true, applied: true, done: true });
    expect(settle(host, 'confirm')).toMatchObject({ state: 'confirmed', watchdogAlive: true });
    await until(() => host.run('pgrep -f "[e]ngine watch"').stdout === '');
    expect(host.run('cat /run/a /run/b').stdout).toBe('here\nhere\n');
    expect(left(host)).not.toContain('lock');
  });

  it('goes back by itself when nobody confirms, and has verified it', async () => {
    const host = machine(shell);
    apply(host, [create('a'), create('b')], 2);
    await until(() => host.state() === 'rolled-back-verified');
    expect(host.run('ls /run').stdout.trim()).toBe('gwfleet');
    expect(settle(host, 'confirm')).toMatchObject({ state: 'rolled-back-verified' });
    await until(() => !left(host).includes('lock'));
  });

  it('undoes at once, in reverse, when a step fails in the middle', () => {
    const host = machine(shell);
    const journal = apply(
      host,
      [create('a'), task('b', 'echo no such thing >&2; exit 7', 'rm -f /run/b'), create('c')],
      30,
    );
    expect(journal).toMatchObject({ applied: false, state: 'rolled-back-verified' });
    expect(journal.ended.at(-1)).toEqual({ task: 'b', code: 7, said: 'no such thing' });
    expect(journal.undone.map(({ task: id }) => id)).toEqual(['b', 'a']);
    expect(host.run('ls /run').stdout.trim()).toBe('gwfleet');
  });

  it('is told to roll back and says whether it looks as before', () => {
    const host = machine(shell);
    apply(host, [create('a')], 30);
    expect(settle(host, 'rollback')).toMatchObject({ state: 'rolled-back-verified' });
  });

  it('says rolled back but not verified when the undo changed nothing', () => {
    const host = machine(shell);
    apply(host, [task('a', 'echo here >/run/a', 'true')], 30);
    expect(settle(host, 'rollback')).toMatchObject({ state: 'rolled-back-unverified', differs: ['a'] });
  });

  it('says that the rollback failed when the undo fails', () => {
    const host = machine(shell);
    apply(host, [task('a', 'echo here >/run/a', 'false')], 30);
    expect(settle(host, 'rollback')).toMatchObject({ state: 'rollback-failed' });
  });

  it('refuses a host that has moved since the plan, and changes nothing', () => {
    const host = machine(shell);
    host.run('echo other >/run/a');
    expect(apply(host, [create('a')], 30).refusal).toEqual({ kind: 'stale', tasks: ['a'] });
    expect(host.run('cat /run/a').stdout).toBe('other\n');
    expect(left(host)).not.toContain('lock');
  });

  it('refuses a host that somebody else holds, and says who and for how long', () => {
    const host = machine(shell);
    apply(host, [create('a')], 30);
    const { refusal } = apply(host, [create('b')], 30);
    expect(refusal).toMatchObject({
      kind: 'locked',
      by: { run: '20260101-000000-test.1', owner: 'me@here', sinceEpochSeconds: 1_700_000_000 },
    });
    expect(host.run('ls /run/a /run/b 2>/dev/null').stdout).toBe('/run/a\n');
  });

  it('refuses when /run is read-only or full', () => {
    const host = machine(shell);
    host.run('mount -o remount,ro /run');
    expect(apply(host, [create('a')], 30).refusal).toMatchObject({ kind: 'cannot-write' });
    host.run('mount -o remount,rw,size=4k /run; dd if=/dev/zero of=/run/full bs=4k count=1');
    expect(apply(host, [create('a')], 30).refusal).toMatchObject({ kind: 'cannot-write' });
    expect(host.run('ls /run/gwfleet/lock 2>/dev/null').stdout).toBe('');
  });

  it('ends and undoes a step that hangs when its time is over', async () => {
    const host = machine(shell);
    const request = order([create('a'), task('b', 'sleep 600; echo late >/run/b', 'rm -f /run/b')], 2);
    const running = host.start(applyScript(request, types).text);
    await until(() => host.state() === 'rolled-back-verified');
    expect(settle(host, 'confirm')).toMatchObject({ state: 'rolled-back-verified' });
    expect(host.run('pgrep -f "[s]leep 600"').stdout).toBe('');
    running.kill();
  });

  it('goes on without its connection: killed in mid-step, it finishes and then rolls back unconfirmed', async () => {
    const host = machine(shell);
    const request = order([task('a', 'sleep 1; echo here >/run/a', 'rm -f /run/a'), create('b')], 12);
    const running = host.start(applyScript(request, types).text);
    await until(() => host.state() === 'armed');
    running.stdout?.destroy();
    running.kill('SIGKILL');
    await until(() => host.run('ls /run').stdout.includes('b'));
    await until(() => host.state() === 'rolled-back-verified');
    expect(settle(host, 'confirm')).toMatchObject({ state: 'rolled-back-verified' });
    expect(host.run('ls /run').stdout.trim()).toBe('gwfleet');
  });

  it('without a guard is confirmed after the last step and undone after a failing one', () => {
    const host = machine(shell);
    expect(apply(host, [create('a')], null)).toMatchObject({ armed: false, state: 'confirmed', done: true });
    host.run('rm -r /run/gwfleet/2*');
    const again = apply(host, [create('b'), task('c', 'exit 3', 'true')], null);
    expect(again).toMatchObject({ applied: false, state: 'rolled-back-verified' });
    expect(host.run('ls /run').stdout.trim()).toBe('a\ngwfleet');
  });
});
