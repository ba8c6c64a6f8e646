import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { memoryFiles } from './memory-files.ts';

function read(text: string, more: Record<string, string> = {}) {
  return readInventory(memoryFiles({ 'inv/hosts.yml': text, ...more }), 'inv/hosts.yml');
}

function problems(text: string, more: Record<string, string> = {}): readonly string[] {
  return read(text, more).diagnostics.map(({ severity, message, place }) => {
    const where = place === undefined ? '' : `${place.file.replace('inv/', '')}:${place.line}:${place.col} `;
    return `${where}${severity === 'warning' ? 'warning: ' : ''}${message}`;
  });
}

const gateway = (variables: string) =>
  `gateways:\n  hosts:\n    gw1: { snat_pool: 203.0.113.1, ${variables} }\n`;

/** What Ansible only warns about, or drops a whole file for, with the place of each. */
const bad: readonly (readonly [string, string, readonly string[]])[] = [
  ['an unknown key', 'g:\n  host: {a: }\n', ["hosts.yml:2:3 unknown key 'host' in the group 'g'"]],
  [
    'a variable beside vars',
    'g:\n  hosts: {a: }\n  ansible_user: root\n',
    ["hosts.yml:3:3 unknown key 'ansible_user' in the group 'g'"],
  ],
  [
    'a list of hosts',
    'g:\n  hosts:\n    - a\n    - b\n',
    ["hosts.yml:3:5 'hosts' of the group 'g' must be a mapping, and this is a list"],
  ],
  [
    'a list of children',
    'g: {children: [a]}\n',
    ["hosts.yml:1:15 'children' of the group 'g' must be a mapping, and this is a list"],
  ],
  [
    'a list of variables',
    'g: {vars: [a]}\n',
    ["hosts.yml:1:11 'vars' of the group 'g' must be a mapping, and this is a list"],
  ],
  ['a group that is text', 'g: web1\n', ["hosts.yml:1:4 the group 'g' must be a mapping, and this is text"]],
  [
    'host variables that are text',
    'g: {hosts: {a: 10.0.0.1}}\n',
    ["hosts.yml:1:16 the variables of 'a' must be a mapping, and this is text"],
  ],
  [
    'a duplicate host',
    'g:\n  hosts:\n    a: {x: 1}\n    a: {x: 2}\n',
    ["hosts.yml:4:5 the key 'a' is here twice"],
  ],
  ['a duplicate group', 'g: {}\nh: {}\ng: {}\n', ["hosts.yml:3:1 the key 'g' is here twice"]],
  [
    'a cycle',
    'a: {children: {b: {children: {c: }}}}\nc:\n  children:\n    a:\n',
    ["hosts.yml:4:5 the group 'a' contains itself: 'c' is in it already"],
  ],
  [
    'a group in itself',
    'a: {children: {a: }}\n',
    ["hosts.yml:1:16 the group 'a' contains itself: 'a' is in it already"],
  ],
  [
    'all in a group',
    'a: {children: {all: }}\n',
    ["hosts.yml:1:1 the group 'a' contains 'all', and 'all' contains every group"],
  ],
  [
    'ungrouped in a group',
    'g: {children: {ungrouped: {hosts: {a: }}}}\n',
    ["hosts.yml:1:16 'ungrouped' cannot be in the group 'g': it is for hosts in no group"],
  ],
  ['a host named as a group', 'g:\n  hosts:\n    g:\n', ["hosts.yml:3:5 'g' is a host and a group"]],
  [
    'a backward range',
    'g: {hosts: {"w[5:2]": }}\n',
    ["hosts.yml:1:13 'w[5:2]': the range [5:2] must run upwards, over numbers or single letters"],
  ],
  [
    'unequal range ends',
    'g: {hosts: {"w[01:100]": }}\n',
    ["hosts.yml:1:13 'w[01:100]': the ends of [01:100] must have equally many digits"],
  ],
  [
    'a host that is a number',
    'g: {hosts: {5: }}\n',
    ['hosts.yml:1:13 the name of a host must be text, and this is not'],
  ],
  [
    'a group that is a boolean',
    'yes: {hosts: {a: }}\n',
    ['hosts.yml:1:1 the name of a group must be text, and this is not'],
  ],
  [
    'a priority that is text',
    'g: {vars: {ansible_group_priority: high}}\n',
    ['hosts.yml:1:36 ansible_group_priority must be a whole number, and this is text'],
  ],
  ['an unknown tag', 'g: {vars: {a: !foo 1}}\n', ["hosts.yml:1:20 the YAML tag '!foo' is not known"]],
  [
    'a second document',
    'g: {}\n---\nh: {}\n',
    ['hosts.yml:2:1 a second YAML document begins here, and only one is read'],
  ],
  ['an empty file', '# nothing\n', ['hosts.yml:1:1 the inventory is empty']],
  ['a list', '- a\n', ['hosts.yml:1:1 an inventory is a mapping of groups, and this is a list']],
  [
    'an INI inventory',
    '[gateways]\ngw1\n',
    ['hosts.yml:1:1 this looks like an INI inventory; gwfleet reads YAML'],
  ],
  [
    'a plugin',
    'plugin: aws_ec2\n',
    ['hosts.yml:1:1 this configures an inventory plugin and is not an inventory'],
  ],
  [
    'an encrypted file',
    '$ANSIBLE_VAULT;1.1;AES256\n3031\n',
    ['hosts.yml:1:1 files encrypted with ansible-vault are not read'],
  ],
  [
    'several at once',
    'g: {host: }\nh: {hosts: [a]}\n',
    [
      "hosts.yml:1:5 unknown key 'host' in the group 'g'",
      "hosts.yml:2:12 'hosts' of the group 'h' must be a mapping, and this is a list",
    ],
  ],
  [
    'an unquoted float as a pool',
    'gateways: {hosts: {g: {snat_pool: 10.10}}}\n',
    ["hosts.yml:1:35 'snat_pool' must be text or a list, and this is a number"],
  ],
  [
    'a short address',
    'gateways: {hosts: {g: {snat_pool: 10.1.2}}}\n',
    [
      "hosts.yml:1:35 'snat_pool': '10.1.2' is not an IPv4 address; write four numbers without leading zeros, like 203.0.113.10",
    ],
  ],
  [
    'an octal address',
    'gateways: {hosts: {g: {snat_pool: [203.0.113.1, 010.0.0.1]}}}\n',
    [
      "hosts.yml:1:49 'snat_pool': '010.0.0.1' is not an IPv4 address; write four numbers without leading zeros, like 203.0.113.10",
    ],
  ],
  [
    'an octal next hop',
    gateway('internal_address: 010.0.0.1'),
    ["hosts.yml:3:54 'internal_address': '010.0.0.1' is not an IPv4 address"],
  ],
  [
    'a network without length',
    gateway('internal_network: 10.0.0.0'),
    ["hosts.yml:3:54 'internal_network': '10.0.0.0' is not a network"],
  ],
  [
    'a wrong word',
    gateway('gateway_state: drainig'),
    ["hosts.yml:3:51 'gateway_state' must be one of active, standby, draining"],
  ],
  [
    'a gap in a range',
    gateway('spread: client').replace('203.0.113.1', '[203.0.113.1, 203.0.113.9]'),
    ['hosts.yml:3:59 spread: client needs a snat_pool of one contiguous range, and this one has gaps'],
  ],
  [
    'a bad probe',
    gateway('probes: [{tcp: 198.51.100.7}]'),
    ["hosts.yml:3:51 'probes': '198.51.100.7' is not ADDRESS:PORT"],
  ],
  [
    'a bad sticky',
    gateway('sticky: [21, tpc/22]'),
    ["hosts.yml:3:49 'sticky': 'tpc/22' is neither a destination nor a port"],
  ],
  [
    'a long interface',
    gateway('internal_interface: a-name-that-is-too-long'),
    ['hosts.yml:3:56 \'internal_interface\' must match pattern "^(?!\\.{1,2}$)[^\\s/:]{1,15}$"'],
  ],
  [
    'a misspelt variable',
    gateway('snat_pol: 1'),
    ["hosts.yml:3:46 warning: the variable 'snat_pol' means nothing to gwfleet"],
  ],
];

describe('readInventory reports with its place', () => {
  it.for(bad)('%s', ([, text, expected]) => expect(problems(text)).toEqual(expected));

  it('what is wrong with the file itself', () => {
    const why = (reading: object) =>
      readInventory({ read: () => reading as never, list: () => undefined }, 'i.yml').diagnostics.map(
        ({ message }) => message,
      );
    expect(why({ kind: 'missing' })).toEqual(['i.yml does not exist']);
    expect(why({ kind: 'folder' })).toEqual(['i.yml is a folder']);
    expect(why({ kind: 'unreadable', why: 'permission denied' })).toEqual([
      'i.yml cannot be read: permission denied',
    ]);
    expect(why({ kind: 'too-large', bytes: 9 })).toEqual(['i.yml is too large to be meant (9 bytes)']);
  });

  it('mistakes in the files beside it', () => {
    const text = 'gateways: {hosts: {gw1: }}\n';
    expect(problems(text, { 'inv/group_vars/gateways.yml': 'snat_pool: 10.10\n' })).toEqual([
      "group_vars/gateways.yml:1:12 'snat_pool' must be text or a list, and this is a number",
    ]);
    expect(problems(text, { 'inv/host_vars/gw1.yml': '- a\n' })).toEqual([
      'host_vars/gw1.yml:1:1 a file of variables is a mapping, and this is a list',
    ]);
    expect(problems(text, { 'inv/host_vars/gw1/a.yml': 'x: 1\nx: 2\n' })).toEqual([
      "host_vars/gw1/a.yml:2:1 the key 'x' is here twice",
    ]);
  });

  it('a file of variables that belongs to nobody but nearly', () => {
    const files = { 'inv/group_vars/gateway.yml': 'a: 1\n', 'inv/host_vars/web02.yml': 'a: 1\n' };
    expect(problems('gateways: {hosts: {web01: }}\n', files)).toEqual([
      "warning: there is no group 'gateway', so inv/group_vars/gateway.yml is not read",
    ]);
  });

  it('one bad group variable once, however many hosts have it', () => {
    expect(problems('webservers: {hosts: {"w[1:50]": }, vars: {gateway: 5}}\n')).toHaveLength(1);
  });
});

describe('readInventory', () => {
  it('lets extra variables win, and tells where the others were written', () => {
    const files = memoryFiles({ 'i.yml': 'g:\n  vars: {a: 1, b: 1}\n  hosts: {h: {a: 2}}\n' });
    const { inventory } = readInventory(files, 'i.yml', new Map([['b', 9]]));
    const host = inventory!.hosts.get('h')!;
    expect(Object.fromEntries(host.variables)).toEqual({ a: 2, b: 9 });
    expect(host.places.get('a')).toMatchObject({ file: 'i.yml', line: 3 });
    expect(host.places.has('b')).toBe(false);
    expect(host.groups).toEqual(['all', 'g']);
  });

  it('leaves domain names alone outside of gateways and webservers', () => {
    expect(problems('routers: {hosts: {r: {gateway: 5, probes: x, snat_pol: 1}}}\n')).toEqual([]);
  });

  it('reads five thousand hosts', () => {
    const lines = Array.from(
      { length: 5000 },
      (_, index) => `    w${index}: { ansible_host: 10.0.0.1, x: [1, 2] }\n`,
    );
    expect(read(`webservers:\n  hosts:\n${lines.join('')}`).inventory!.hosts.size).toBe(5000);
  });
});
