import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/cli/disk-files.ts';
import { inventorySchema } from '../../src/inventory/schema.ts';
import { readSource } from '../../src/inventory/source-file.ts';
import { schemaCheck } from '../../src/source/schema-check.ts';
import { readYaml } from '../../src/source/yaml-document.ts';

const check = schemaCheck(inventorySchema);
const folder = new URL('./ansible/', import.meta.url).pathname;

describe('the schema for editors', () => {
  it.for(readdirSync(folder))('accepts %s', (name) => {
    const { root } = readSource(diskFiles, `${folder}${name}/hosts.yml`);
    expect(check(root!)).toEqual([]);
  });

  it.for([
    ['a misspelt key', 'g: {host: {a: }}', "unknown key 'host'"],
    ['a list of hosts', 'g: {hosts: [a]}', "'hosts' must be"],
    ['a bad state', 'gateways: {hosts: {a: {gateway_state: of}}}', "'gateway_state' must be"],
  ] as const)('refuses %s', ([, text, words]) => {
    expect(
      check(readYaml('f', text).root!)
        .map(({ message }) => message)
        .join(),
    ).toContain(words);
  });

  it('is JSON through and through, with a description for each variable', () => {
    const json = JSON.stringify(inventorySchema);
    for (const name of ['snat_pool', 'spread', 'gateway', 'probes', 'ansible_host', 'internal_network']) {
      expect(json).toMatch(new RegExp(`"${name}":\\{[^}]*?.*?"description"`));
    }
  });
});
