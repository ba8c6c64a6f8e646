/**
 * The same files through the real ansible-inventory and through gwfleet: `--list`, `--graph` and `--host` must be
 * equal, with hosts and groups in the same order. Each folder in test/inventory/ansible is one case; generated
 * inventories and host patterns go the same way.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/cli/disk-files.ts';
import { selectHosts } from '../../src/inventory/host-pattern.ts';
import { graph, hostListing, listing } from '../../src/inventory/listing.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';

const cases = new URL('../inventory/ansible/', import.meta.url).pathname;
const names = readdirSync(cases).sort();
const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'gwfleet-ansible-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Away from the repository: Ansible also reads group_vars of the current folder. */
async function ansible(program: string, ...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: scratch,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: '1',
  };
  const { stdout } = await run(program, args, { cwd: '/', env });
  return stdout;
}

function ours(file: string): Inventory {
  const { inventory, diagnostics } = readInventory(diskFiles, file);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return inventory!;
}

describe('gwfleet reads an inventory as ansible-inventory does', () => {
  it('has at least 25 cases', () => {
    expect(names.length).toBeGreaterThanOrEqual(25);
  });

  it.for(names)('%s', async (name) => {
    const file = `${cases}${name}/hosts.yml`;
    const inventory = ours(file);
    expect(listing(inventory)).toEqual(JSON.parse(await ansible('ansible-inventory', '-i', file, '--list')));
    expect(`${graph(inventory)}\n`).toBe(await ansible('ansible-inventory', '-i', file, '--graph'));
    // As a pattern, other names mean something else; --list has compared their variables already.
    const host = [...inventory.hosts.keys()].findLast((candidate) => /^[\w.-]+$/.test(candidate));
    if (host === undefined) throw new Error(`${name} has no host to ask for`);
    const answer = await ansible('ansible-inventory', '-i', file, '--host', host);
    expect(hostListing(inventory, host)).toEqual(JSON.parse(answer));
  });

  it('also when it was generated', async () => {
    for (const [index, generated] of fc.sample(fleet, { numRuns: 8, seed: 20261122 }).entries()) {
      const file = written(join(scratch, String(index)), generated);
      const answer = await ansible('ansible-inventory', '-i', file, '--list');
      expect(listing(ours(file)), JSON.stringify(generated)).toEqual(JSON.parse(answer));
    }
  });
});

describe('gwfleet selects hosts as ansible does', () => {
  const file = `${cases}sections-in-any-order/hosts.yml`;

  it.for(['all', 'a', 'b:&a', 'a:!b', '!b:a', 'b*', '~[ab]1', 'c,a1,b', '?1', '&b', 'ungrouped,z'])(
    '%s',
    async (pattern) => {
      const answer = await ansible('ansible', pattern, '-i', file, '--list-hosts');
      const { hosts, diagnostics } = selectHosts(ours(file), pattern, { name: 'hosts' });
      const expected = answer
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .filter((line) => line !== '');
      if (diagnostics.length === 0) expect(hosts).toEqual(expected);
      else expect(expected).toEqual([]);
    },
  );
});

/** Groups may only name later ones as children: no cycles. */
const groupNames = ['a', 'b', 'c', 'd', 'e', 'f'];
const hostNames = ['h1', 'h2', 'h3', 'h4'];
const variables = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.nat(99), { maxKeys: 3 });
const groupVariables = fc
  .tuple(variables, fc.option(fc.integer({ min: -1, max: 4 })))
  .map(([vars, priority]) => (priority === null ? vars : { ...vars, ansible_group_priority: priority }));
const group = (index: number) =>
  fc.record(
    {
      children: fc
        .subarray(groupNames.slice(index + 1))
        .map((list) => Object.fromEntries(list.map((name) => [name, null]))),
      vars: groupVariables,
      hosts: fc.dictionary(fc.constantFrom(...hostNames), fc.option(variables), { maxKeys: 3 }),
    },
    { requiredKeys: [] },
  );
const fleet = fc.record({
  groups: fc
    .shuffledSubarray(groupNames, { minLength: 2 })
    .chain((list) =>
      fc.tuple(...list.map((name) => fc.tuple(fc.constant(name), group(groupNames.indexOf(name))))),
    ),
  // Never empty: Ansible calls that a failure.
  all: fc.record({ vars: variables, hosts: fc.constant({ h0: null }) }),
  groupFiles: fc.dictionary(fc.constantFrom('all', ...groupNames), variables),
  hostFiles: fc.dictionary(fc.constantFrom(...hostNames), variables),
});

function written(
  folder: string,
  { groups, all, groupFiles, hostFiles }: typeof fleet extends fc.Arbitrary<infer T> ? T : never,
): string {
  for (const [sub, files] of Object.entries({ group_vars: groupFiles, host_vars: hostFiles })) {
    mkdirSync(join(folder, sub), { recursive: true });
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(folder, sub, `${name}.yml`), JSON.stringify(content));
  }
  writeFileSync(join(folder, 'hosts.yml'), JSON.stringify({ ...Object.fromEntries(groups), all }));
  return join(folder, 'hosts.yml');
}
