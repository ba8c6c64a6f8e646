/**
 * The same files through the real ansible-inventory and through gwfleet: `--list` and `--host` of every host must be
 * equal as JSON, with hosts and groups in the same order. Each folder in test/inventory/ansible is one case.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/cli/disk-files.ts';
import { graph, hostListing, listing } from '../../src/inventory/listing.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';

const cases = new URL('../inventory/ansible/', import.meta.url).pathname;
const names = readdirSync(cases).sort();
const run = promisify(execFile);

/** Away from the repository: Ansible also reads group_vars of the current folder. */
async function ansible(name: string, ...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    ANSIBLE_LOCAL_TEMP: '/tmp',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: '1',
  };
  const { stdout } = await run('ansible-inventory', ['-i', `${cases}${name}/hosts.yml`, ...args], {
    cwd: '/',
    env,
  });
  return stdout;
}

function ours(name: string): Inventory {
  const { inventory, diagnostics } = readInventory(diskFiles, `${cases}${name}/hosts.yml`);
  expect(diagnostics).toEqual([]);
  return inventory!;
}

describe('gwfleet reads an inventory as ansible-inventory does', () => {
  it('has at least 25 cases', () => {
    expect(names.length).toBeGreaterThanOrEqual(25);
  });

  it.for(names)('%s: --list and --graph', async (name) => {
    const inventory = ours(name);
    expect(listing(inventory)).toEqual(JSON.parse(await ansible(name, '--list')));
    expect(`${graph(inventory)}\n`).toBe(await ansible(name, '--graph'));
  });

  it.for(names)('%s: --host', async (name) => {
    const inventory = ours(name);
    for (const host of sample([...inventory.hosts.keys()])) {
      // A pattern is no place for these characters; --list has already compared such hosts.
      if (/[^\w.-]/.test(host)) continue;
      expect(hostListing(inventory, host)).toEqual(JSON.parse(await ansible(name, '--host', host)));
    }
  });
});

/** Each start of Ansible costs half a second: first, middle and last. */
function sample(hosts: readonly string[]): readonly string[] {
  const picked = [hosts[0], hosts[Math.floor(hosts.length / 2)], hosts.at(-1)];
  return [...new Set(picked.filter((host) => host !== undefined))];
}
