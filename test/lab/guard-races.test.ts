/** The guard's engine where it hurts: races, signals, dead watchdogs, stale locks, connections that die, and lint. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { applyScript } from '../../src/guard/apply-script.ts';
import { engine } from '../../src/guard/engine.ts';
import { inquiryScript, settleScript } from '../../src/guard/settle-script.ts';
import { nothing } from '../../src/shell/sh.ts';
import {
  create,
  endMachines,
  guardOrder,
  machine,
  markerTypes,
  sleep,
  task,
  until,
} from './guard-machine.ts';

afterEach(endMachines);

const guardId = '20260101-000000-test.1';

/** Races confirm against rollback, each side started first in turn; says how each race ended. */
function races(
  text: string,
  count: number,
  shell: string,
): { both: number; confirmed: number; undone: number } {
  const host = machine(shell);
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-race-'));
  writeFileSync(join(folder, 'engine'), text);
  const { stdout } = host.run(`
mkdir -p /run/gwfleet; cd /run/gwfleet
sed_in() { printf '%s\\n' "run=$1; mark=m; seconds=9; steps=t; looks=" 'undo_t() { true >"$D/undone"; }' 'boot_files() { :; }' >"$1/plan"; }
n=0; while [ $n -lt ${count} ]; do
n=$((n+1)); mkdir r$n; cp ${folder}/engine r$n/engine; sed_in r$n; echo t >r$n/begun; true >r$n/armed; true >r$n/journal
if [ $((n % 2)) = 0 ]; then a=confirm; b=rollback; else a=rollback; b=confirm; fi
sh r$n/engine $a:r$n 3>/dev/null & sh r$n/engine $b:r$n 3>/dev/null & wait
c=no; [ ! -e r$n/confirmed ] || c=yes; u=no; [ ! -e r$n/undone ] || u=yes
echo "$c $u"; rm -r r$n
done`);
  rmSync(folder, { recursive: true });
  const ends = stdout.trim().split('\n');
  const many = (end: string) => ends.filter((one) => one === end).length;
  expect(ends).toHaveLength(count);
  expect(many('no no')).toBe(0);
  return { both: many('yes yes'), confirmed: many('yes no'), undone: many('no yes') };
}

describe('confirm against rollback', () => {
  it.each(['dash', 'busybox'])(
    'has exactly one winner in 400 races under %s, and both sides win',
    (shell) => {
      const { both, confirmed, undone } = races(engine, 400, shell);
      expect(both).toBe(0);
      expect(confirmed + undone).toBe(400);
      expect(Math.min(confirmed, undone)).toBeGreaterThan(20);
    },
  );

  it('would have two winners if the rename were a removal', () => {
    const removing = engine
      .replaceAll('mv "$D/armed" "$D/confirmed"', 'rm -f "$D/armed" && true >"$D/confirmed"')
      .replaceAll('mv "$D/armed" "$D/rolling-back"', 'rm -f "$D/armed" && true >"$D/rolling-back"')
      .replace('if [ -e "$D/armed" ] && claim', 'if claim');
    expect(races(removing, 60, 'dash').both).toBeGreaterThan(0);
  });
});

describe.each(['dash', 'busybox'])('the guard under %s', (shell) => {
  it('rolls back whatever signal its watchdog gets, but those that nobody can ignore', async () => {
    const host = machine(shell);
    const seconds = 15;
    const started = performance.now();
    const { run } = host.begin(guardOrder([create('a')], seconds));
    expect(run.applied).toBe(true);
    const signals =
      'HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS';
    for (const signal of signals.split(' ')) host.run(`pkill -${signal} -f '[e]ngine watch'`);
    expect(host.state()).toBe('armed');
    expect(host.run(`pgrep -f '[e]ngine watch'`).stdout).not.toBe('');
    await until(() => host.state() === 'rolled-back-verified');
    expect(performance.now() - started).toBeGreaterThan((seconds - 1) * 1000);
  });

  it('counts its own ticks while the clock of the host is stepped by a day, there and back', async () => {
    const host = machine(shell);
    const clock = '/run/clock';
    const stepped = `LD_PRELOAD=/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketime.so.1 FAKETIME_NO_CACHE=1 FAKETIME_TIMESTAMP_FILE=${clock}`;
    host.run(`echo +0 >${clock}`);
    const seconds = 8;
    const script = applyScript(guardOrder([create('a')], seconds), markerTypes).text;
    const started = performance.now();
    const running = host.start(`export ${stepped}; ${script}`);
    await until(() => host.state() === 'armed' && host.run('ls /run/gwfleet/*/applied').code === 0);
    const now = () => Number(host.run(`${stepped} date +%s`).stdout);
    const before = now();
    host.run(`echo +1d >${clock}`);
    expect(now() - before).toBeGreaterThan(86_000);
    await sleep(3000);
    expect(host.state()).toBe('armed');
    host.run(`echo -1d >${clock}`);
    expect(before - now()).toBeGreaterThan(86_000);
    await until(() => host.state() === 'rolled-back-verified');
    const took = performance.now() - started;
    expect(took).toBeGreaterThan((seconds - 1) * 1000);
    expect(took).toBeLessThan(80_000);
    running.kill();
  });

  it('is settled at the next contact when its watchdog was stopped, which no longer counts', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    host.run(`pkill -STOP -f '[e]ngine watch'`);
    const { run } = host.begin(guardOrder([create('b')], 60, 'second.1'));
    expect(run.refusal).toMatchObject({ kind: 'settled', state: 'rolled-back-verified' });
    expect(host.run(`ls /run/a 2>/dev/null; pgrep -f '[e]ngine watch'`).stdout).toBe('');
  });

  it('is settled by the next run when its watchdog was killed, and says so', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    host.run(`pkill -KILL -f '[e]ngine watch'`);
    const { run } = host.begin(guardOrder([create('b')], 60, 'second.1'));
    expect(run.refusal).toEqual({ kind: 'settled', run: guardId, state: 'rolled-back-verified' });
    expect(host.run('ls /run').stdout).toBe('gwfleet\n');
    expect(host.run('ls /run/gwfleet/lock').stdout).toBe('');
    expect(host.begin(guardOrder([create('b')], 60, 'third.1')).run.applied).toBe(true);
  });

  it('is settled by its own controller when it died in the middle of its rollback', async () => {
    const host = machine(shell);
    host.begin(guardOrder([task('a', 'echo here >/run/a', 'sleep 8; rm -f /run/a')], 1));
    await until(() => host.state() === 'rolling-back');
    host.run(`pkill -KILL -f '[e]ngine watch'`);
    expect(host.contact('confirm').state).toBe('rolled-back-verified');
    expect(host.run('ls /run').stdout).toBe('gwfleet\n');
  });

  it('leaves a living guard alone, even when it is to be broken', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    const { run } = host.begin({ ...guardOrder([create('b')], 60, 'second.1'), breakLock: guardId });
    expect(run.refusal).toMatchObject({
      kind: 'locked',
      by: { run: guardId, owner: 'me@here', life: 'alive' },
    });
    expect(host.state()).toBe('armed');
  });

  it('shows the lock of a run that died before it armed, and breaks it only when told', () => {
    const host = machine(shell);
    host.run(
      `mkdir -p /run/gwfleet; printf 'run ${guardId}\\nowner eve\\nsince 1\\nseconds 60\\nstarter 4000000 1\\n' >/run/gwfleet/lock`,
    );
    const shown = host.begin(guardOrder([create('b')], 60, 'second.1')).run;
    expect(shown.refusal).toMatchObject({ kind: 'locked', by: { run: guardId, life: 'dead' } });
    const broken = host.begin({
      ...guardOrder([create('b')], 60, 'third.1'),
      breakLock: '20260101-000000-test',
    }).run;
    expect(broken.leftovers).toEqual([{ run: guardId, how: 'broke' }]);
    expect(broken.applied).toBe(true);
  });

  it('has one holder when many come at once', () => {
    const host = machine(shell);
    const scripts = Array.from(
      { length: 8 },
      (_, i) => applyScript(guardOrder([create('a')], 60, `run${i}.1`), markerTypes).text,
    );
    const { stdout } = host.run([...scripts.map((text) => `(${text}\n) &`), 'wait'].join('\n'));
    expect(stdout.match(/ armed$/gm)).toHaveLength(1);
    expect(stdout.match(/ refused locked /gm)).toHaveLength(7);
  });

  it('rolls back when /run takes no rename any more', async () => {
    const host = machine(shell);
    host.begin(guardOrder([task('a', 'echo here >/tmp/gwfleet-race-a', 'rm -f /tmp/gwfleet-race-a')], 2));
    host.run('mount -o remount,ro /run');
    await until(() => host.run('ls /tmp/gwfleet-race-a 2>/dev/null').stdout === '');
    host.run('mount -o remount,rw /run');
    await until(() => host.state() === 'rolled-back-verified');
    expect(host.contact('confirm').state).toBe('rolled-back-verified');
  });

  it('keeps the look and the network for the person who is needed', () => {
    const host = machine(shell);
    host.begin(guardOrder([create('a')], 60));
    const { stdout } = host.run(`cd /run/gwfleet/${guardId}; cat look.a; grep '^#' checkpoint`);
    expect(stdout).toMatch(/^absent\n# ip link, addr, rule, route\n# iptables-save\n(#.*\n)*# end\n$/);
  });
});

describe('the scripts', () => {
  const tasks = [create('a'), task('b', 'true', 'true')];
  const texts = {
    engine,
    apply: applyScript(guardOrder(tasks, 60), markerTypes).text,
    unguarded: applyScript(guardOrder(tasks, null), markerTypes).text,
    settle: settleScript({ guardId, mark: 'm' }, nothing).text,
    inspect: inquiryScript({ guardId, mark: 'm' }, { verb: 'inspect', probe: nothing }).text,
  };

  it.each(Object.entries(texts))('dash, busybox ash and shellcheck accept: %s', (_, text) => {
    for (const [program, ...args] of [
      ['dash', '-n'],
      ['busybox', 'ash', '-n'],
    ] as const)
      expect(spawnSync(program, args, { input: text, encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    // Wanted: words from lists (2086, 2046, 2048), files and variables of the plan (1090, 1091, 2154, 2034), functions
    // called by name (2317, 2329), and "a && b || c" where b cannot fail (2015).
    const but = '1090,1091,2015,2034,2046,2048,2086,2154,2317,2329';
    const checked = spawnSync('shellcheck', ['-s', 'sh', '-S', 'warning', '-e', but, '-'], {
      input: text,
      encoding: 'utf8',
    });
    expect(checked.stdout).toBe('');
  });

  it('ask no clock', () => {
    for (const text of Object.values(texts))
      expect(text).not.toMatch(/\b(date|stat -c|EPOCH|-mmin|uptime|-newer)\b/);
  });

  it('put no redirection on a special builtin: it would end the shell', () => {
    for (const text of Object.values(texts)) expect(text).not.toMatch(/(^|[;&|{(]\s*):\s*>/m);
  });
});

describe('a connection that dies', () => {
  it.each([0, 30, 80, 150, 300, 700])('after %i ms leaves the host as before in the end', async (ms) => {
    const host = machine('dash');
    const running = host.start(
      applyScript(guardOrder([task('a', 'echo here >/run/a; sleep 0.3', 'rm -f /run/a')], 2), markerTypes)
        .text,
    );
    await sleep(ms);
    running.stdout?.destroy();
    running.stderr?.destroy();
    await sleep(2500);
    await until(() => host.run(`pgrep -f '[e]ngine '`).stdout === '');
    expect(host.run('ls /run/a /run/gwfleet/lock 2>/dev/null').stdout).toBe('');
    running.kill('SIGKILL');
  });
});
