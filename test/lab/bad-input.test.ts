/**
 * Whatever is wrong with what the user typed or wrote: exit 5, every mistake at once with its place, a line of what to
 * do, nothing on stdout, and no connection is opened.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Ended, folderOf } from './bundle.ts';

const good = `all:
  vars: { ansible_user: root }
  children:
    gateways:
      hosts:
        gw1: { ansible_host: 192.0.2.1, snat_pool: 203.0.113.10-203.0.113.15 }
    webservers:
      hosts:
        web[01:03]: {}
`;

/** Refused before anything was done, in words. */
function expectRefused({ code, stdout, stderr }: Ended): void {
  expect(`${code}\n${stderr}`).toMatch(/^5\n/);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/at .*\.js:\d|undefined|\[object|a bug in gwfleet/);
  expect(stderr.length).toBeLessThan(20_000);
}

describe('an inventory with mistakes', () => {
  it('has all of them told at once, each with line, source, caret and what to do', async () => {
    using folder = folderOf({
      'hosts.yaml': `all:
  children:
    gateways:
      host:
        gw0: {}
      hosts:
        gw1: { ansible_host: 10.1, snat_pool: 203.0.113.10-203.0.113.15 }
        gw2: { ansible_host: 192.0.2.2, snat_pool: 010.0.0.1 }
        gw3: { ansible_host: 192.0.2.3, snat_pool: 203.0.113.30, sprad: hash, spread: sideways }
    webservers:
      hosts: [web01]
`,
    });
    const told = await folder.gwfleet(['apply', 'hosts.yaml', '--yes']);
    expectRefused(told);
    for (const line of [4, 7, 8, 9, 11]) expect(told.stderr).toMatch(new RegExp(`hosts\\.yaml:${line}:\\d+`));
    expect(told.stderr).toMatch(/did you mean 'hosts'/);
    expect(told.stderr).toMatch(/\n +\| +\^/);
    expect(told.stderr).toMatch(/\d+ errors; nothing was touched\n$/);
  });

  it.each([
    ['a tab', 'all:\n\thosts: {}\n', /:2:1/],
    ['a duplicate key', 'all:\n  hosts: { a: {} }\n  hosts: { b: {} }\n', /:3:3/],
    ['several documents', 'all: {}\n---\nall: {}\n', /:2:|:3:/],
    ['an unknown tag', 'all:\n  vars: { a: !secret x }\n', /:2:\d+.*!secret|!secret/],
    [
      'a cycle of groups',
      'all:\n  children:\n    a: { children: { b: } }\n    b: { children: { a: } }\n',
      /:\d+:\d+/,
    ],
    ['a list on top', '- all\n', /:1:1/],
    ['an alias bomb', bomb(), /:\d+:\d+/],
    ['nothing', '', /hosts\.yaml/],
    [
      'an address that YAML reads as a number',
      good.replace('ansible_host: 192.0.2.1', 'internal_address: 10.10'),
      /:6:\d+/,
    ],
    [
      'pools that overlap',
      good.replace(
        '    webservers',
        '        gw2: { ansible_host: 192.0.2.2, snat_pool: 203.0.113.15 }\n    webservers',
      ),
      /203\.0\.113\.15/,
    ],
    [
      'a web server of a gateway that is none',
      good.replace('web[01:03]: {}', 'web01: { gateway: gw7 }'),
      /gw7/,
    ],
    ['bytes that are no text', 'all: \u0000\u0001\ufffd\n', /hosts\.yaml/],
  ])('with %s', async (_, text, words) => {
    using folder = folderOf({ 'hosts.yaml': text });
    const told = await folder.gwfleet(['plan', 'hosts.yaml']);
    expectRefused(told);
    expect(told.stderr).toMatch(words);
  });

  it('that is a folder, missing or unreadable', async () => {
    using folder = folderOf();
    mkdirSync(`${folder.path}/hosts.yaml`);
    const aFolder = await folder.gwfleet(['plan', 'hosts.yaml']);
    expectRefused(aFolder);
    expect(aFolder.stderr).toMatch(/hosts\.yaml is a folder/);
    const missing = await folder.gwfleet(['plan', 'host.yaml']);
    expectRefused(missing);
    expect(missing.stderr).toMatch(/host\.yaml does not exist/);
    // Root reads everything, so the unreadable one is a file that errors on reading.
    chmodSync(folder.write('closed.yaml', good), 0);
    const unreadable = await folder.gwfleet([
      'plan',
      process.getuid?.() === 0 ? '/proc/self/mem' : 'closed.yaml',
    ]);
    expectRefused(unreadable);
  });

  it('of 50 MB of brackets is refused quickly and shortly', async () => {
    using folder = folderOf({ 'hosts.yaml': '['.repeat(50_000_000) });
    expectRefused(await folder.gwfleet(['plan', 'hosts.yaml']));
  });
});

describe('an address that other programs would read in their own way', () => {
  it.each(['10.1', '10.10', '010.0.0.1', '10.0.0.256', '"10.1"', '167772161'])('%s', async (address) => {
    using folder = folderOf({ 'hosts.yaml': good.replace('192.0.2.1', address) });
    const told = await folder.gwfleet(['validate', 'hosts.yaml']);
    expectRefused(told);
    expect(told.stderr).toMatch(/hosts\.yaml:6:\d+: error: .*is not an IPv4 address[\s\S]*four numbers/);
  });
});

describe('a playbook with mistakes', () => {
  it('has all of them told at once, each with its place and the nearest supported way', async () => {
    using folder = folderOf({
      'hosts.yaml': good,
      'site.yaml': `- name: x
  hosts: gateways
  roles: [common]
  tasks:
    - name: one
      aliasses: { interface: eth1 }
    - name: two
      sysctl: { net.ipv4.ip_forward: "{{ forwrd }}" }
    - name: three
      command: echo
      loop: [1, 2]
`,
    });
    const told = await folder.gwfleet(['apply', 'hosts.yaml', '-p', 'site.yaml', '--yes']);
    expectRefused(told);
    expect(told.stderr).toMatch(/site\.yaml:3:3/);
    expect(told.stderr).toMatch(/site\.yaml:6:7[\s\S]*did you mean 'aliases'/);
    expect(told.stderr).toMatch(/site\.yaml:1[01]:7/);
  });

  it('that is not there', async () => {
    using folder = folderOf({ 'hosts.yaml': good });
    const told = await folder.gwfleet(['plan', 'hosts.yaml', '-p', 'no.yaml']);
    expectRefused(told);
    expect(told.stderr).toMatch(/no\.yaml does not exist/);
  });

  it('with a variable that nobody has set', async () => {
    using folder = folderOf({
      'hosts.yaml': good,
      'site.yaml': '- hosts: gateways\n  tasks:\n    - sysctl: { net.ipv4.ip_forward: "{{ forwrd }}" }\n',
    });
    const told = await folder.gwfleet(['plan', 'hosts.yaml', '-p', 'site.yaml']);
    expectRefused(told);
    expect(told.stderr).toMatch(/site\.yaml:3:\d+[\s\S]*forwrd/);
  });
});

describe('a command line with mistakes', () => {
  it.each([
    [['aply', 'hosts.yaml'], /Did you mean apply/],
    [['plan', 'hosts.yaml', '--limt', 'gw1'], /Did you mean --limit/],
    [['plan'], /inventory/],
    [['plan', 'hosts.yaml', '--limit', 'gw2'], /gw2.*\n.*did you mean 'gw1'/],
    [['plan', 'hosts.yaml', '--limit', 'gateways:!gw1'], /leaves no host/],
    [['plan', 'hosts.yaml', '--tags', 'nosuch'], /nosuch/],
    [['plan', 'hosts.yaml', '--forks', 'many'], /many/],
    [['plan', 'hosts.yaml', '--json', '--progress', 'jsonl'], /choose one/],
    [['plan', 'hosts.yaml', '--confirm-timeout', 'soon'], /soon/],
    [['apply', 'hosts.yaml', '--yes', '--max-fail', 'few'], /few/],
    [['docs', 'aliasses'], /did you mean 'aliases'/i],
    [['schema', 'inventry'], /inventory/],
    [['inventory', 'hosts.yaml', '--host', 'gw9'], /gw9/],
  ])('%j', async (args, words) => {
    using folder = folderOf({ 'hosts.yaml': good });
    const told = await folder.gwfleet(args);
    expectRefused(told);
    expect(told.stderr).toMatch(words);
  });

  it('apply without a terminal and without --yes asks nobody and does not hang', async () => {
    using folder = folderOf({ 'hosts.yaml': good });
    const told = await folder.gwfleet(['apply', 'hosts.yaml']);
    expectRefused(told);
    expect(told.stderr).toMatch(/--yes/);
  });
});

describe('what needs no host', () => {
  it('validate tells counts, and --list-hosts and --list-tasks name what would be meant', async () => {
    using folder = folderOf({ 'hosts.yaml': good });
    expect(await folder.gwfleet(['validate', 'hosts.yaml'])).toMatchObject({ code: 0 });
    const hosts = await folder.gwfleet([
      'apply',
      'hosts.yaml',
      '--list-hosts',
      '--limit',
      'web*,!web02,!web03',
    ]);
    expect(hosts).toMatchObject({ code: 0, stderr: '' });
    expect(hosts.stdout).toMatch(/web01/);
    expect(hosts.stdout).not.toMatch(/web02|web03|gw1/);
    expect((await folder.gwfleet(['plan', 'hosts.yaml', '--list-tasks'])).stdout).toMatch(
      /FORWARD and SNAT rules/,
    );
  });

  it('a reader that goes early (| head -1) ends nothing badly', async () => {
    using folder = folderOf();
    const { code, stderr } = await folder.gwfleet(['docs', 'ruleset'], 1);
    expect(`${code}${stderr}`).toBe('0');
  });
});

/** 10 levels of 10: 10^10 strings if anybody spelled it out. */
function bomb(): string {
  const lines = Array.from({ length: 10 }, (_, i) => {
    const item = i === 0 ? 'lol' : `*a${i - 1}`;
    return `    a${i}: &a${i} [${Array.from({ length: 10 }, () => item).join(', ')}]`;
  });
  return `all:\n  vars:\n${lines.join('\n')}\n  hosts: { x: {} }\n`;
}
