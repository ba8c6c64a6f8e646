import { describe, expect, it } from 'vitest';
import { type ConnectionOverrides, connectionOf } from '../../src/inventory/connection.ts';
import { shellWords } from '../../src/inventory/connection-variables.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { memoryFiles } from './memory-files.ts';

function connection(variables: string, overrides: Partial<ConnectionOverrides> = {}) {
  const { inventory } = readInventory(memoryFiles({ i: `g: {hosts: {h: {${variables}}}}\n` }), 'i');
  return connectionOf(inventory!.hosts.get('h')!, { localUser: 'me', ...overrides });
}

const words = (variables: string, overrides: Partial<ConnectionOverrides> = {}) =>
  connection(variables, overrides).diagnostics.map(({ severity, message }) => `${severity}: ${message}`);

describe('connectionOf', () => {
  it('has defaults, and says which', () => {
    expect(connection('x: 1')).toEqual({
      target: {
        host: 'h',
        address: 'h',
        port: 22,
        user: 'me',
        transport: 'ssh',
        sshArgs: [],
        become: null,
        defaulted: ['address', 'port', 'user'],
      },
      diagnostics: [],
    });
  });

  it('reads the current names', () => {
    const text =
      'ansible_host: 10.0.0.1, ansible_port: "2222", ansible_user: root, ansible_password: pw, ansible_ssh_private_key_file: ~/.ssh/k, ansible_ssh_common_args: "-J jump -o \'ProxyJump=a b\'", ansible_become: yes, ansible_become_user: u, ansible_become_password: bp, ansible_connection: openssh, ansible_python_interpreter: /usr/bin/python3';
    expect(connection(text)).toEqual({
      target: {
        host: 'h',
        address: '10.0.0.1',
        port: 2222,
        user: 'root',
        password: 'pw',
        privateKeyFile: '~/.ssh/k',
        sshArgs: ['-J', 'jump', '-o', 'ProxyJump=a b'],
        become: { user: 'u', password: 'bp' },
        transport: 'openssh',
        defaulted: [],
      },
      diagnostics: [],
    });
  });

  it('lets the old spelling win, as Ansible does', () => {
    const { target } = connection(
      'ansible_host: new, ansible_ssh_host: old, ansible_ssh_port: 23, ansible_ssh_user: u, ansible_ssh_pass: p, ansible_private_key_file: k, ansible_become: "on", ansible_become_pass: b',
    );
    expect(target).toMatchObject({
      address: 'old',
      port: 23,
      user: 'u',
      password: 'p',
      privateKeyFile: 'k',
      become: { user: 'root', password: 'b' },
    });
  });

  it('does not take other people’s host, port and user', () => {
    expect(connection('host: x, port: 8080, user: y').target).toMatchObject({
      address: 'h',
      port: 22,
      user: 'me',
    });
  });

  it('follows {{ name }} in its own variables', () => {
    expect(
      connection('lan: 10.0.0.9, n: 5, ansible_host: "{{ lan }}", ansible_user: "u{{n}}"').target,
    ).toMatchObject({ address: '10.0.0.9', user: 'u5' });
    expect(words('ansible_host: "{{ nope }}"')).toEqual([
      "error: 'ansible_host': the variable 'nope' is not defined",
    ]);
    expect(words('ansible_host: "{{ ansible_host }}"')).toEqual([
      "error: 'ansible_host': the templates refer to each other in a circle",
    ]);
    expect(words('a: b, ansible_host: "{{ a | upper }}"')[0]).toContain('and nothing else');
  });

  it('lets flags fill what the inventory leaves open, and says when one loses', () => {
    expect(
      connection('x: 1', { user: 'u', privateKeyFile: 'k', become: true, becomePassword: 'p' }).target,
    ).toMatchObject({
      user: 'u',
      privateKeyFile: 'k',
      become: { user: 'root', password: 'p' },
      defaulted: ['address', 'port'],
    });
    expect(words('ansible_user: root', { user: 'u' })).toEqual([
      "warning: -u u has no effect on 'h': the inventory says root",
    ]);
    expect(connection('ansible_become: false', { become: true }).target!.become).toBeNull();
  });

  it.for([
    ['ansible_port: 70000', "error: 'ansible_port' must be a port, from 1 to 65535"],
    ['ansible_become: maybe', "error: 'ansible_become' must be true or false"],
    ['ansible_host: [a]', "error: 'ansible_host' must be text, and this is a list"],
    ['ansible_connection: docker', "error: gwfleet cannot connect by 'docker'"],
    ['ansible_become: yes, ansible_become_method: su', "error: gwfleet cannot become another user by 'su'"],
    ['ansible_ssh_hots: x', "warning: gwfleet does not know the connection variable 'ansible_ssh_hots'"],
    [
      'ansible_become_flags: "-i"',
      "warning: gwfleet does not know the connection variable 'ansible_become_flags'",
    ],
    [
      'ansible_ssh_common_args: "-o Compression=yes"',
      "warning: gwfleet does not follow '-o Compression=yes' in ansible_ssh_common_args",
    ],
    ['ansible_ssh_extra_args: "-v"', "warning: gwfleet does not follow '-v' in ansible_ssh_extra_args"],
  ] as const)('%s', ([variables, expected]) => expect(words(variables)).toEqual([expected]));

  it('never shows a password', () => {
    expect(
      JSON.stringify(
        connection('ansible_password: [secret], ansible_become_password: {a: secret}').diagnostics,
      ),
    ).not.toContain('secret');
  });

  it('splits words as sh does', () => {
    expect(shellWords(`-o "a b" 'c d' e\\ f "g\\"h"'i'`)).toEqual(['-o', 'a b', 'c d', 'e f', 'g"hi']);
  });
});
