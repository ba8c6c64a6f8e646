/** Who is at work on a host: by what a process wrote of itself where that is certain, by a look at all where it is not. */
import { afterEach, describe, expect, it } from 'vitest';
import { applyScript } from '../../src/guard/apply-script.ts';
import { readJournal } from '../../src/guard/journal.ts';
import {
  create,
  endMachines,
  guardOrder,
  type Machine,
  machine,
  markerTypes,
  task,
  until,
} from './guard-machine.ts';

afterEach(endMachines);

const guardId = '20260101-000000-test.1';
const folder = `/run/gwfleet/${guardId}`;

/** A process of somebody else, in a session of its own: its pid. */
function bystander(host: Machine): string {
  return host.run('setsid sleep 500 >/dev/null 2>&1 </dev/null & echo $!').stdout.trim();
}

/** The time at which a process was started, as the guard writes it. */
function startOf(host: Machine, pid: string): string {
  return host.run(`sed 's/.*) //' /proc/${pid}/stat | cut -d ' ' -f 20`).stdout.trim();
}

const lives = (host: Machine, pid: string): boolean => host.run(`kill -0 ${pid}`).code === 0;
const watchdog = (host: Machine): string => host.run(`pgrep -f '[e]ngine watch'`).stdout.trim();

describe.each(['dash', 'busybox'])('the guard under %s', (shell) => {
  it('finds its watchdog where what that wrote of itself is lost, stale or somebody else', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    const other = bystander(host);
    for (const text of [
      '',
      '60',
      'rub bish',
      '60 4000000 1',
      `60 ${other} 1`,
      `60 ${other} ${startOf(host, other)}`,
    ]) {
      host.run(`echo '${text}' >${folder}/left`);
      expect(host.contact('')).toMatchObject({ state: 'armed', watchdogAlive: true });
    }
    host.run(`rm ${folder}/left`);
    expect(host.contact('')).toMatchObject({ state: 'armed', watchdogAlive: true });
  });

  it('takes no other process for its watchdog', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    const other = bystander(host);
    host.run(`kill -9 ${watchdog(host)}; echo '60 ${other} ${startOf(host, other)}' >${folder}/left`);
    expect(host.contact('')).toMatchObject({ state: 'armed', watchdogAlive: false });
    expect(host.contact('confirm')).toMatchObject({ state: 'confirmed' });
    expect(lives(host, other)).toBe(true);
  });

  it('does not end a process that has the number of its watchdog now', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    const other = bystander(host);
    host.run(`kill -9 ${watchdog(host)}; echo '60 ${other} 1' >${folder}/left`);
    expect(host.contact('confirm')).toMatchObject({ state: 'confirmed', watchdogAlive: false });
    expect(lives(host, other)).toBe(true);
  });

  it('ends a watchdog that was stopped, and one whose name is lost, when it confirms', async () => {
    for (const harm of [`pkill -STOP -f '[e]ngine watch'`, `rm ${folder}/left`]) {
      const host = machine(shell);
      host.begin(guardOrder([create('a')], 60));
      host.run(harm);
      expect(host.contact('confirm').state).toBe('confirmed');
      await until(() => watchdog(host) === '');
    }
  });

  it('leaves a confirm alone that somebody is at, and ends one that died', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    const other = bystander(host);
    host.run(
      `cd ${folder}; pkill -KILL -f '[e]ngine watch'; mv armed confirmed; echo '${other} ${startOf(host, other)}' >confirmer`,
    );
    expect(host.begin(guardOrder([create('b')], 60, 'second.1')).run.refusal).toMatchObject({
      kind: 'locked',
      by: { run: guardId },
    });
    host.run(`kill -9 ${other}; while grep -qs '^State:.[^Z]' /proc/${other}/status; do sleep 0.01; done`);
    const { run } = host.begin(guardOrder([create('b')], 60, 'third.1'));
    expect(run.leftovers).toEqual([{ run: guardId, how: 'finished' }]);
    expect(run.applied).toBe(true);
  });

  it('compares a look that it was told with what it sees, and needs no file to know it after a rollback', () => {
    const host = machine(shell);
    const looked = new Map([['a', 'absent\n']]);
    const { run } = host.begin({ ...guardOrder([create('a')], 60), looked });
    expect(run).toMatchObject({ refusal: undefined, applied: true });
    expect(host.run(`ls ${folder}`).stdout).not.toContain('look.a');
    expect(host.contact('rollback').state).toBe('rolled-back-verified');
    const lazy = machine(shell);
    lazy.begin({ ...guardOrder([task('a', 'echo here >/run/a', 'true')], 60), looked });
    expect(lazy.contact('rollback')).toMatchObject({ state: 'rolled-back-unverified', differs: ['a'] });
    host.run('echo other >/run/a');
    const moved = host.begin({ ...guardOrder([create('a')], 60, 'second.1'), looked }).run;
    expect(moved.refusal).toEqual({ kind: 'stale', tasks: ['a'] });
    expect(host.run('cat /run/a; ls /run/gwfleet').stdout).toBe(`other\n${guardId}\n`);
  });

  it('arms where sleep takes no fractions, and says at once that a watchdog did not start', () => {
    const host = machine(shell);
    const tool = (name: string, text: string) =>
      host.run(
        `mkdir -p /run/tools; printf '#!/bin/sh\\n%s\\n' '${text}' >/run/tools/${name}; chmod 755 /run/tools/${name}`,
      );
    const begin = (id: string) => {
      const order = guardOrder([create('a')], 60, id);
      const script = `PATH=/run/tools:$PATH; export PATH\n${applyScript(order, markerTypes).text}`;
      return readJournal(order.mark, host.run(script).stdout);
    };
    tool('setsid', 'exit 1');
    expect(begin('first.1')).toMatchObject({ refusal: { kind: 'no-watchdog' }, begun: [] });
    expect(host.run('ls /run/a /run/gwfleet').stdout).toBe('/run/gwfleet:\n');
    host.run('rm /run/tools/setsid');
    tool('sleep', 'case $1 in *.*) exit 1 ;; esac; exec /bin/sleep "$1"');
    expect(begin(guardId)).toMatchObject({ armed: true, applied: true });
    expect(host.contact('confirm').state).toBe('confirmed');
  });
});
