/** The lock of an inventory: real files and real processes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LockHolder, lockHolder, lockInventory } from '../../src/run/inventory-lock.ts';
import { ourProcess, type ProcessMark } from '../../src/run/process-mark.ts';

const inventory = '/fleet/inventory.yaml';
let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'gwfleet-test-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

function holder(run: string, process: ProcessMark = ourProcess()): LockHolder {
  const since = '2026-11-22T21:40:07.000Z';
  return { v: 1, inventory, run, command: 'apply', owner: 'me@here', since, process };
}
const files = (): readonly string[] => readdirSync(join(state, 'locks'));
const lock = (run: string, more: { process?: ProcessMark; breakLock?: string } = {}) =>
  lockInventory({ state, mine: holder(run, more.process), breakLock: more.breakLock });

/** The mark of a process that has just ended. */
async function dead(): Promise<ProcessMark> {
  const child = spawn('true');
  const mark = { ...ourProcess(), pid: child.pid ?? 0, began: '1' };
  await new Promise((resolve) => child.once('close', resolve));
  return mark;
}

describe('the lock of an inventory', () => {
  it('is taken by one, and let go of', () => {
    const first = lock('a');
    expect(first.kind).toBe('taken');
    expect(lockHolder(state, inventory)).toMatchObject({ run: 'a', owner: 'me@here' });
    expect(lock('b')).toMatchObject({ kind: 'held', life: 'alive', by: { run: 'a' } });
    if (first.kind === 'taken') first.release();
    expect(files()).toEqual([]);
    expect(lockHolder(state, inventory)).toBeUndefined();
  });

  it('of a living process is broken by nobody, whatever is asked for', () => {
    lock('a');
    expect(lock('b', { breakLock: 'a' })).toMatchObject({ kind: 'held', life: 'alive' });
  });

  it('of another inventory is another one', () => {
    lock('a');
    const other = { ...holder('b'), inventory: '/fleet/other.yaml' };
    expect(lockInventory({ state, mine: other }).kind).toBe('taken');
  });

  it('of a dead process is inherited: it stays the old one until it is taken over', async () => {
    lock('a', { process: await dead() });
    const heir = lock('b');
    if (heir.kind !== 'inherited') throw new Error(heir.kind);
    expect(heir.from.run).toBe('a');
    expect(lockHolder(state, inventory)?.run).toBe('a');
    // A second heir comes too late.
    expect(lock('c')).toMatchObject({ kind: 'held', by: { run: 'b' } });
    heir.takeOver();
    expect(lockHolder(state, inventory)?.run).toBe('b');
    heir.release();
    expect(files()).toEqual([]);
  });

  it('that an heir leaves as it is stays with the dead run, for the next one', async () => {
    lock('a', { process: await dead() });
    const heir = lock('b');
    if (heir.kind === 'inherited') heir.release();
    expect(lockHolder(state, inventory)?.run).toBe('a');
    expect(lock('c')).toMatchObject({ kind: 'inherited', from: { run: 'a' } });
  });

  it('of an heir that died, too, is inherited down the line', async () => {
    lock('a', { process: await dead() });
    lock('b', { process: await dead() });
    const heir = lock('c');
    if (heir.kind !== 'inherited') throw new Error(heir.kind);
    expect(heir.from.run).toBe('a');
    heir.takeOver();
    heir.release();
    expect(files()).toEqual([]);
  });

  it('of a process elsewhere is broken on purpose only, and only by its own id', () => {
    lock('a', { process: { ...ourProcess(), machine: 'elsewhere' } });
    expect(lock('b')).toMatchObject({ kind: 'held', life: 'cannot be told', by: { run: 'a' } });
    expect(lock('b', { breakLock: 'other' })).toMatchObject({ kind: 'held', life: 'cannot be told' });
    expect(lock('b', { breakLock: 'a' })).toMatchObject({ kind: 'inherited', from: { run: 'a' } });
  });

  it('that is a file of somebody else is never taken silently', () => {
    const mine = lock('a');
    const [name = ''] = files();
    writeFileSync(join(state, 'locks', name), 'no lock of ours\n');
    if (mine.kind === 'taken') mine.release();
    expect(readFileSync(join(state, 'locks', name), 'utf8')).toBe('no lock of ours\n');
    expect(lock('b')).toMatchObject({ kind: 'held', life: 'cannot be told', by: { run: 'unreadable' } });
    expect(lock('b', { breakLock: 'unreadable' }).kind).toBe('inherited');
  });
});
