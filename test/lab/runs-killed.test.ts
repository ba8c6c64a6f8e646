/**
 * gwfleet killed with -9 at moments that nobody chose: the same command finds out what was in flight, asks the hosts,
 * tells, and finishes the job. Afterwards every run has a true story, and nothing is left on any host.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, inventoryLocks, journalOf, start } from './process.ts';

/** A fixed seed: the moments are the same in every run of the test. */
const moments = [120, 430, 610, 800, 1050, 1300, 1620, 1900, 2400, 3000];

describe('gwfleet killed with -9 at ten moments of a roll', () => {
  let lab: Fleet;
  const apply = (...more: readonly string[]) => ['apply', lab.inventory, '--yes', ...more];
  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 1 });
  });

  it.each(moments)(
    'after %i ms: the same command tells what was in flight and finishes the job',
    async (ms) => {
      // The guard that is left behind is soon over; the one that finishes the job has time on a busy machine.
      const killed = start(lab, apply('--confirm-timeout', '5s'));
      await Promise.race([killed.ended, new Promise((resolve) => setTimeout(resolve, ms))]);
      killed.child.kill('SIGKILL');
      await killed.ended;
      const held = inventoryLocks(lab).length > 0;
      const again = await gwfleet(lab, apply());
      expect(`${again.code} ${again.stderr}${again.stdout}`).toMatch(/^0 /);
      expect(again.stdout).toMatch(/2 hosts: (?:\d ok|\d changed|1 ok, 1 changed), /);
      expect(inventoryLocks(lab)).toEqual([]);
      if (held) expect(again.stderr).toMatch(/the lock of run .* is taken over: its process is dead/);
      expect(await gwfleet(lab, ['rollback', lab.inventory, '--yes'])).toMatchObject({ code: 0 });
      const left = await lab.run('gw1', 'ls -d /run/gwfleet/lock /run/gwfleet/*/armed 2>/dev/null || :');
      expect(left).toBe('');
    },
  );

  it('has a true story of every one of them, and asks no host twice', async () => {
    const { stdout, code } = await gwfleet(lab, ['runs', '-n', '100', '--json']);
    expect(code).toBe(0);
    const { runs } = JSON.parse(stdout) as { runs: { run: string; result: string; exit: number | null }[] };
    expect(runs.filter(({ result }) => /in flight|running/.test(result))).toEqual([]);
    const dead = runs.filter(({ exit }) => exit === null);
    for (const { run } of dead)
      expect(journalOf(lab, run).filter(({ type }) => type === 'run-died')).toHaveLength(1);
    const plan = await gwfleet(lab, ['plan', lab.inventory]);
    expect(plan.stderr).not.toContain('died');
  });
});
