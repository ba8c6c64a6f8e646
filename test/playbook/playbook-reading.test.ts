import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlaybook } from '../../src/playbook/playbook-reading.ts';
import { hasErrors } from '../../src/source/diagnostic.ts';
import { readText, said, shipped, texts } from './reading.ts';
import { tinyTypes } from './tiny-types.ts';

function mistakes(text: string): readonly string[] {
  const { playbook, diagnostics } = readText(text);
  expect(playbook === undefined).toBe(hasErrors(diagnostics));
  return said(diagnostics);
}

function play(keywords: string): string {
  return `- hosts: all\n  tasks: []\n  ${keywords}\n`;
}

function task(keywords: string): string {
  return `- hosts: all\n  tasks:\n    - ${keywords}\n`;
}

test('keywords are read with their defaults', () => {
  const { playbook } = readText('- { hosts: [gateways, "!gw9"], tasks: [] }');
  expect(playbook?.plays[0]).toMatchObject({
    id: 'p1',
    name: 'gateways,!gw9',
    hosts: { pattern: 'gateways,!gw9' },
    serial: [{ count: 0 }],
    canary: null,
    maxFail: null,
    maxFailPercentage: null,
    anyErrorsFatal: false,
    soakSeconds: 0,
    confirmTimeoutSeconds: 60,
    onFailure: 'halt',
    become: undefined,
  });
});

test('every keyword of a play is read', () => {
  const { playbook, diagnostics } = readText(`
- name: All of them
  hosts: web*
  serial: [1, "25%"]
  canary: 2
  soak: 5m
  max_fail: "10%"
  max_fail_percentage: 30
  any_errors_fatal: true
  confirm_timeout: 90s
  on_failure: rollback_run
  become: yes
  vars: { a: 1 }
  tags: [x, "y, z"]
  when: a == 1
  gate: [{ check: { tcp: "198.51.100.7:443" } }]
  tasks: [{ sysctl: { a: 1 }, tags: own, when: [a > 0, true] }]
`);
  expect(said(diagnostics)).toEqual([]);
  const [found] = playbook?.plays ?? [];
  expect(found).toMatchObject({
    canary: { count: 2 },
    soakSeconds: 300,
    maxFail: { percent: 10 },
    maxFailPercentage: 30,
    anyErrorsFatal: true,
    confirmTimeoutSeconds: 90,
    onFailure: 'rollback_run',
    become: true,
  });
  expect(found?.tasks[0]).toMatchObject({ id: 'p1t1', name: 'sysctl', tags: ['x', 'y', 'z', 'own'] });
  expect(found?.tasks[0]?.when).toHaveLength(3);
  expect(found?.gate[0]).toMatchObject({ id: 'p1g1', name: 'check' });
});

describe('a play that is wrong', () => {
  test.each([
    [play('serail: 1'), "3:3 unknown keyword 'serail' in a play | did you mean 'serial'?"],
    [play('gather_facts: false'), "3:3 'gather_facts' is not supported | delete it, hosts are always probed"],
    [
      play('sysctl: { a: 1 }'),
      "3:3 unknown keyword 'sysctl' in a play | a task belongs into the play's list 'tasks'",
    ],
    [play('any_errors_fatal: often'), "3:21 'any_errors_fatal' must be true or false, and this is text"],
    [play('on_failure: rollback'), "3:15 'on_failure' must be one of halt, rollback_batch, rollback_run"],
    [play('when: "{{ a }} == 1"'), "3:10 'when' takes no braces | write the bare expression: a  == 1"],
    [play('when: a = 1'), "3:11 '=' is not expected here | comparison is written =="],
    ['- tasks: []', "1:3 a play needs 'hosts' | hosts: gateways"],
    ['- hosts: all', "1:3 a play needs 'tasks'"],
    [
      '- hosts: all\n  tasks: { a: 1 }',
      "2:10 tasks must be a list, and this is a mapping | begin each task with '- '",
    ],
    ['- site.yaml', '1:3 a play must be a mapping, and this is text | - hosts: gateways'],
    ['hosts: all', "1:1 a playbook is a list of plays, and this is a mapping | begin each play with '- '"],
    ['', "1:1 this playbook is empty | begin each play with '- '"],
    [
      '- { hosts: all, tasks: [], gate: [{ sysctl: { a: 1 } }] }',
      "1:35 a gate only looks, and 'sysctl' changes the host | use the task type 'check'",
    ],
  ])('%j', (text, wanted) => {
    expect(mistakes(text)).toEqual([wanted]);
  });
});

describe('a task that is wrong', () => {
  test.each([
    [task('sysctrl: { a: 1 }'), "3:7 unknown task type 'sysctrl' | did you mean 'sysctl'?"],
    [
      task('sysctl: { a: 1 }\n      loop: [1]'),
      "4:7 'loop' is not supported | write one task for each item, or give the task type a list",
    ],
    [
      task('sysctl: { a: 1 }\n      with_items: [1]'),
      "4:7 'with_items' is not supported | write one task for each item, or give the task type a list",
    ],
    [
      task('shell: reboot'),
      "3:7 unknown task type 'shell' | the task type 'command' runs commands; it needs 'unless' or 'creates'",
    ],
    [
      task('ansible.builtin.copy: {}'),
      "3:7 unknown task type 'ansible.builtin.copy' | the task type 'file' writes files",
    ],
    [
      task('sysctl: { a: 1 }\n      check: { tcp: x }'),
      "4:7 a task has one task type, and 'check' is a second one | begin a new task with '- '",
    ],
    [
      task('name: nothing'),
      '3:7 this task does nothing: it has no task type | task types: aliases, conntrack, ruleset, sysctl, default_route, check',
    ],
    [task('sysctl'), '3:7 a task must be a mapping, and this is text | - sysctl: { net.ipv4.ip_forward: 1 }'],
    [task('conntrack: { pol: a, pool: b }'), "3:20 unknown key 'pol' | did you mean 'pool'?"],
    [task('conntrack: { pol: "{{ a }}" }'), "3:20 unknown key 'pol' | did you mean 'pool'?"],
    [task('conntrack: {}'), "3:18 'pool' is missing"],
    [
      task('conntrack: { pool: "{{ a | join }}" }'),
      "3:34 the filter 'join' is not supported | {{ variable }} and {{ variable | default(x) }} are all there is",
    ],
    [task('conntrack: { "{{ a }}": b }'), "3:20 a key cannot be a template: '{{ a }}'"],
    [
      task('aliases: { interface: eth1, addresses: [203.0.113.1, 10.1] }'),
      '3:60 item 2 of \'addresses\' must be text, and this is a number | quote it: "10.1"',
    ],
    [task('aliases: { interface: eth1, addresses: [203.0.113.1, "10.1"] }'), "3:60 '10.1' is not an address"],
    [
      task('sysctl: { a: 1 }\n      when: [a, b c]'),
      "4:19 'c' is not expected here | use variables, literals, == != < <= > >= in, 'and', 'or', 'not', 'is defined' and parentheses",
    ],
  ])('%j', (text, wanted) => {
    expect(mistakes(text)).toEqual([wanted]);
  });
});

test('an unquoted template is told to be quoted', () => {
  const [first] = mistakes(task('conntrack: \n        pool: {{ a }}'));
  expect(first).toContain('must be quoted: "{{ variable }}"');
});

test('all mistakes of a file come at once', () => {
  const found = mistakes(`
- hosts: all
  gather_facts: no
  serial: few
  tasks:
    - copy: {}
    - sysctl: { a: [] }
      register: x
- hosts: all
  roles: [a]
`);
  expect(found.map((text) => text.split(' ')[0])).toEqual([
    '3:3',
    '4:11',
    '6:7',
    '8:7',
    '7:20',
    '10:3',
    '9:3',
  ]);
});

test('a missing file is said with its name', () => {
  expect(said(readPlaybook(texts({}), 'no.yaml', tinyTypes).diagnostics)).toEqual([
    'no.yaml does not exist | the path is taken from the current folder',
  ]);
});

test('no cut of the shipped playbook makes the reader throw', () => {
  fc.assert(
    fc.property(fc.nat(shipped.length), fc.nat(shipped.length), (from, to) => {
      expect(() => readText(shipped.slice(0, from) + shipped.slice(to))).not.toThrow();
    }),
    { numRuns: 60 },
  );
});
