import { expect, test } from 'vitest';
import { readFleet } from '../../src/fleet/fleet.ts';
import { hostVariables } from '../../src/fleet/host-variables.ts';
import { type Asked, resolvePlaybook } from '../../src/playbook/playbook-resolution.ts';
import { inventoryOf, readText, said, shipped } from './reading.ts';

const inventory = inventoryOf(`
gateways:
  hosts:
    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10 }
webservers:
  hosts: { "web[1:3]": }
`);

function resolve(text: string, asked: Partial<Asked> = {}): ReturnType<typeof resolvePlaybook> {
  const { playbook, diagnostics } = readText(text);
  if (playbook === undefined) throw new Error(JSON.stringify(diagnostics));
  return resolvePlaybook(playbook, {
    inventory,
    fleetVariables: hostVariables(readFleet(inventory).fleet, inventory),
    extraVariables: new Map(),
    selection: { tags: [], skipTags: [] },
    limit: undefined,
    ...asked,
  });
}

test('a limit leaves out the plays that have no host in it', () => {
  const { plays, diagnostics } = resolve(shipped, { limit: new Set(['web2']) });
  expect(said(diagnostics)).toEqual([]);
  expect(plays.map(({ id, batches }) => [id, batches])).toEqual([['p2', [['web2']]]]);
});

test('tags leave out tasks, and plays without any', () => {
  const text = `
- hosts: gateways
  tags: gw
  tasks: [{ sysctl: { a: 1 } }, { name: slow, tags: slow, sysctl: { b: 1 } }]
- hosts: webservers
  tasks: [{ sysctl: { a: 1 } }]
`;
  const { plays, leftOut } = resolve(text, { selection: { tags: ['gw'], skipTags: ['slow'] } });
  expect(plays.map(({ id, tasks }) => [id, tasks.get('gw1')?.length])).toEqual([['p1', 1]]);
  expect(leftOut.map(({ id }) => id)).toEqual(['p1t2', 'p2t1']);
});

test('mistakes of all plays come together', () => {
  const text = `
- { hosts: gatewys, tasks: [{ sysctl: { a: 1 } }] }
- { hosts: webservers, tasks: [{ sysctl: { a: "{{ b }}" } }] }
`;
  expect(said(resolve(text).diagnostics)).toEqual([
    "2:12 hosts: 'gatewys' matches no host and no group | did you mean 'gateways'?",
    "3:48 the variable 'b' is not defined (web1, web2, web3)",
  ]);
});
