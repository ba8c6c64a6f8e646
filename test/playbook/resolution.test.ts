import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/inventory/model.ts';
import { inventoryOf, resolveText, said, shipped } from './reading.ts';

const hosts = `
web:
  hosts:
    w1: { port: 80, pool: [203.0.113.1] }
    w2: { port: 81, pool: [203.0.113.2] }
    w3: { port: 80, pool: [203.0.113.1], extra: yes }
`;

function args(
  tasks: string,
  { play = '', inventory = hosts, extra = new Map<string, Value>() } = {},
): {
  args: Record<string, Value[]>;
  said: readonly string[];
} {
  const text = `- hosts: web\n${play}  tasks:\n${tasks}\n`;
  const { resolved, diagnostics } = resolveText(text, inventoryOf(inventory), { extra });
  const found = [...resolved.tasks].map(([name, own]) => [name, own.map((task) => task.args)]);
  return { args: Object.fromEntries(found) as Record<string, Value[]>, said: said(diagnostics) };
}

test('each host gets its own values', () => {
  expect(args('    - sysctl: { a: "{{ port }}", b: "p{{ port }}" }').args).toEqual({
    w1: [{ a: 80, b: 'p80' }],
    w2: [{ a: 81, b: 'p81' }],
    w3: [{ a: 80, b: 'p80' }],
  });
});

test('hosts with the same values share one task', () => {
  const text = '- hosts: web\n  tasks:\n    - sysctl: { a: "{{ port }}" }\n';
  const { resolved } = resolveText(text, inventoryOf(hosts));
  expect(resolved.tasks.get('w1')?.[0]).toBe(resolved.tasks.get('w3')?.[0]);
});

test('conditions leave tasks out host by host', () => {
  const found = args(
    '    - { sysctl: { a: 1 }, when: extra is defined and extra }\n    - { sysctl: { b: 1 }, when: port == 80 }',
  );
  expect(found.args).toEqual({ w1: [{ b: 1 }], w2: [], w3: [{ a: 1 }, { b: 1 }] });
});

describe('who wins', () => {
  const task = '    - sysctl: { a: "{{ port }}" }';
  const own = '    - sysctl: { a: "{{ port }}" }\n      vars: { port: 3 }';
  test.each<[string, string, string, [string, Value][], Value]>([
    ['the inventory', task, '', [], 80],
    ['the play over the inventory', task, '  vars: { port: 2 }\n', [], 2],
    ['the task over the play', own, '  vars: { port: 2 }\n', [], 3],
    ['-e over all', own, '  vars: { port: 2 }\n', [['port', 4]], 4],
  ])('%s', (_, tasks, play, extra, wanted) => {
    expect(args(tasks, { play, extra: new Map(extra) }).args).toMatchObject({ w1: [{ a: wanted }] });
  });
});

test('the names of the host and its groups are variables', () => {
  const tasks = `    - { sysctl: { a: "{{ inventory_hostname }}" }, when: "'web' in group_names and 'all' not in group_names" }`;
  expect(args(tasks).args).toMatchObject({ w2: [{ a: 'w2' }] });
});

test('values that contain templates are filled, through lists and mappings', () => {
  const inventory = `
web:
  hosts: { w1: { n: 1 } }
  vars: { a: "eth{{ n }}", b: { c: ["{{ a }}:0"] }, d: "{{ b }}" }
`;
  const tasks =
    '    - aliases: { interface: "{{ a }}", addresses: "{{ list }}" }\n      vars: { list: ["203.0.113.{{ n }}"] }';
  expect(args(tasks, { inventory })).toEqual({
    args: { w1: [{ interface: 'eth1', addresses: ['203.0.113.1'] }] },
    said: [],
  });
});

describe('mistakes', () => {
  test('an undefined variable is said once, at its place, for all hosts', () => {
    const many = 'web: { hosts: { "w[1:40]": } }\n';
    expect(args('    - sysctl: { a: "x{{ prt }}" }', { inventory: many }).said).toEqual([
      "3:22 the variable 'prt' is not defined (w1, w2, w3 and 37 more)",
    ]);
  });

  test('an undefined variable in a condition is at its place', () => {
    expect(args('    - { sysctl: { a: 1 }, when: port == 81 or prt }').said).toEqual([
      "3:47 the variable 'prt' is not defined (w1, w3)",
    ]);
  });

  test('a circle of variables is shown', () => {
    const inventory = 'web: { hosts: { w1: }, vars: { a: "{{ b }}", b: "{{ c }}", c: "x{{ a }}" } }\n';
    expect(args('    - sysctl: { a: "{{ b }}" }', { inventory }).said).toEqual([
      '3:21 the variables go round in a circle: b -> c -> a -> b (w1)',
    ]);
  });

  test('a template inside a value names the value', () => {
    const inventory = 'web: { hosts: { w1: }, vars: { a: "{{ nowhere }}" } }\n';
    expect(args('    - sysctl: { a: "{{ a }}" }', { inventory }).said).toEqual([
      "3:21 in the value of 'a': the variable 'nowhere' is not defined (w1)",
    ]);
  });

  test('a value that does not fit points to the template and to the variable', () => {
    const text = '- hosts: web\n  tasks:\n    - aliases: { interface: eth1, addresses: "{{ pool }}" }\n';
    const inventory = 'web:\n  hosts: { "w[1:9]": }\n  vars:\n    pool: [203.0.113.1, 10.1.1]\n';
    const { diagnostics } = resolveText(text, inventoryOf(inventory));
    expect(diagnostics).toEqual([
      {
        severity: 'error',
        message: "'10.1.1' is not an address (w1, w2, w3 and 6 more)",
        place: { file: 'site.yaml', line: 3, col: 46, endCol: 58 },
        related: [{ message: "the value of 'pool'", place: { file: 'inv.yaml', line: 4, col: 11 } }],
      },
    ]);
  });

  test('a value of the wrong type is said by the schema', () => {
    const tasks = '    - aliases: { interface: "{{ port }}", addresses: "{{ pool }}" }';
    expect(args(tasks).said).toEqual(["3:29 'interface' must be text, and this is a number (w1, w2, w3)"]);
  });
});

test('limits become numbers of hosts', () => {
  const text =
    '- { hosts: web, tasks: [], max_fail: "50%", canary: "40%", max_fail_percentage: 20, soak: 1m }';
  expect(resolveText(text, inventoryOf(hosts)).resolved.rules).toEqual({
    maxFail: 1,
    maxFailPercentage: 20,
    anyErrorsFatal: false,
    canary: 1,
    soakSeconds: 60,
    confirmTimeoutSeconds: 60,
    onFailure: 'halt',
  });
});

test('ten thousand hosts are resolved, each with its own values', () => {
  const inventory = inventoryOf(`
gateways:
  hosts: { "gw[1:9]": { ansible_host: 10.0.0.1, snat_pool: 203.0.113.1 } }
webservers:
  hosts: { "web[00001:10000]": }
`);
  const own = `
- hosts: webservers
  tasks:
    - sysctl: { a: "{{ internal_interface }}", b: "{{ inventory_hostname }}" }
    - sysctl: { a: "{{ spread }}" }
    - { sysctl: { a: 1 }, when: "'webservers' in group_names" }
    - default_route: { via: "{{ gateway }}", drain: { deadline: 10m, then: leave } }
`;
  resolveText(shipped, inventory, { play: 1 });
  const { resolved, diagnostics } = resolveText(own, inventory);
  expect(said(diagnostics)).toEqual([]);
  expect(resolved.tasks.get('web00042')).toHaveLength(4);
});
