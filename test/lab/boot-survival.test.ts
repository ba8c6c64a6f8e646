/**
 * After a restart: for each manager a machine that really boots is applied, restarted in every way, and looked at. The
 * table that this prints stands in the README, and the test holds it to that.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFleet } from './machines/fleet-files.ts';
import { type Machine, machine } from './machines/machine.ts';
import { type Manager, managers } from './machines/managers.ts';
import { events, happen, kept, survived } from './machines/survival.ts';

const rows = new Map<Manager, readonly string[]>();

describe('a gateway over restarts', () => {
  it.concurrent.each(managers)('%s', async (manager) => {
    const gateway = await machine({ manager });
    writeFleet(gateway.folder);
    const cells: string[] = [];
    const before = await kept(gateway);
    const gwfleet = (...args: readonly string[]) =>
      gateway.gwfleet(...args, '-p', `${gateway.folder}/site.yaml`);
    const applied = await gwfleet('apply', gateway.inventory, '--yes');
    expect(applied.stderr + applied.stdout).toContain('1 changed');
    expect(await gwfleet('plan', gateway.inventory, '--exit-code')).toMatchObject({ code: 0 });
    for (const event of events) {
      await happen(gateway, manager, event);
      const cell = await survived(gateway);
      cells.push(cell);
      const plan = await gwfleet('plan', gateway.inventory, '--exit-code');
      // What is lost is drift, and what is not lost is none.
      expect([event, plan.code, plan.stdout]).toEqual([event, cell === 'all' ? 0 : 2, expect.anything()]);
      if (cell === 'all') continue;
      const mended = await gwfleet('apply', gateway.inventory, '--yes');
      expect([event, mended.code, await survived(gateway)]).toEqual([event, 0, 'all']);
    }
    rows.set(manager, cells);
    await takenBack(gateway, before);
    expect(await gateway.run('systemctl --failed --no-legend; ls /etc/network/interfaces.d')).toBe('');
  });

  it('is what the README says', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(managers.filter((manager) => !rows.has(manager))).toEqual([]);
    for (const line of table()) expect(readme).toContain(line);
  });
});

/** A second run, and then both taken back: what is live and what is kept for a restart are those of before each. */
async function takenBack(gateway: Machine, before: string): Promise<void> {
  const site = ['-p', `${gateway.folder}/site.yaml`, '--yes'];
  const [first = ''] = (await gateway.hub(`ls ${gateway.folder}/state/gwfleet/runs | sort`)).stdout.split(
    '\n',
  );
  const between = await kept(gateway);
  // Another next hop, which answers.
  await gateway.hub('ip addr add 10.0.0.253/24 dev inside');
  writeFleet(gateway.folder, { pool: '203.0.113.10-203.0.113.13', via: '10.0.0.253' });
  expect((await gateway.gwfleet('apply', gateway.inventory, ...site)).code).toBe(0);
  expect(await kept(gateway)).not.toBe(between);
  expect((await gateway.gwfleet('rollback', gateway.inventory, '--yes')).code).toBe(0);
  expect(await kept(gateway)).toBe(between);
  const back = await gateway.gwfleet('rollback', gateway.inventory, first, '--yes');
  expect([back.code, back.stdout + back.stderr]).toEqual([0, expect.anything()]);
  expect(await kept(gateway)).toBe(before);
}

afterAll(() => console.log(table().join('\n')));

function table(): readonly string[] {
  const cells = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [
    cells(['owner', ...events]),
    cells(['---', ...events.map(() => '---')]),
    ...managers.map((manager) => cells([manager, ...(rows.get(manager) ?? [])])),
  ];
}
