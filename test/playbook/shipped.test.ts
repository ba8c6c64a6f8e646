/** Every playbook that is shipped, against the real task types and a small fleet. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { readFleet } from '../../src/fleet/fleet.ts';
import { hostVariables } from '../../src/fleet/host-variables.ts';
import { playbookSchema } from '../../src/playbook/json-schema.ts';
import { playHosts } from '../../src/playbook/play-hosts.ts';
import { readPlaybook } from '../../src/playbook/playbook-reading.ts';
import { resolvePlay } from '../../src/playbook/resolution.ts';
import { readYaml } from '../../src/source/yaml-document.ts';
import { taskTypes } from '../../src/tasks/registry.ts';
import { inventoryOf, said, texts } from './reading.ts';

const folder = new URL('../../playbooks/', import.meta.url);
const names = readdirSync(folder);
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const fitsSchema = ajv.compile(playbookSchema(taskTypes));

const inventory = inventoryOf(`
gateways:
  hosts:
    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.15 }
    gw2: { ansible_host: 10.0.0.2, snat_pool: 203.0.113.20-203.0.113.25 }
webservers:
  hosts:
    web[01:12]:
`);

describe.each(names)('%s', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');

  test('loads and resolves for every host without a word', () => {
    const { playbook, diagnostics } = readPlaybook(texts({ [name]: text }), name, taskTypes);
    expect(said(diagnostics)).toEqual([]);
    const fleetVariables = hostVariables(readFleet(inventory).fleet, inventory);
    const sizes = (playbook?.plays ?? []).map((play) => {
      const { hosts } = playHosts(play, inventory, undefined);
      const around = { hosts, inventory, fleetVariables, extraVariables: new Map(), selected: undefined };
      const found = resolvePlay(play, around);
      expect(said(found.diagnostics)).toEqual([]);
      for (const own of found.resolved.tasks.values()) expect(own).toHaveLength(play.tasks.length);
      return found.resolved.tasks.size;
    });
    expect(sizes).toEqual([2, 12]);
  });

  test('fits the schema that editors use', () => {
    fitsSchema(readYaml(name, text).root?.value);
    expect(fitsSchema.errors ?? []).toEqual([]);
  });
});

test.each([
  ['a misspelt keyword', '- { hosts: all, tasks: [], serail: 1 }'],
  ['two task types', '- { hosts: all, tasks: [{ sysctl: { a: 1 }, conntrack: { pool: a } }] }'],
  ['no task type', '- { hosts: all, tasks: [{ name: a }] }'],
  ['a keyword of another tool', '- { hosts: all, roles: [], tasks: [] }'],
  ['a wrong argument', '- { hosts: all, tasks: [{ conntrack: { pol: a } }] }'],
])('the schema refuses %s', (_, text) => {
  expect(fitsSchema(readYaml('p.yaml', text).root?.value)).toBe(false);
});
