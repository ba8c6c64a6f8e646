/**
 * Why sudo did not start a script, from what it said. The words of sudo 1.9 and of sudo-rs are met for real in
 * test/lab/remote-sudo.test.ts and remote-sudo-rs.test.ts; here stand those that are hard to bring about.
 */
import { describe, expect, test } from 'vitest';
import type { Sudo } from '../../src/remote/order.ts';
import { askedTwice, sudoRefusal } from '../../src/remote/sudo-answer.ts';

const mark = 'gwfleet-ask-1';

function sudo(password: 'given' | 'none'): Sudo {
  const passwordGiven = password === 'given';
  return { user: 'ops', becomeUser: 'root', passwordGiven, promptMark: mark };
}

describe('the reason', () => {
  test.each<[string, string, 'given' | 'none', RegExp]>([
    [
      'sudo',
      'sudo: a password is required\n',
      'none',
      /wants a password of ops, or ops is not in its sudoers/,
    ],
    [
      'sudo',
      `${mark}Sorry, try again.\n${mark}sudo: no password was provided\n`,
      'given',
      /refused the password of ops/,
    ],
    [
      'sudo',
      `${mark}ops is not in the sudoers file.\n`,
      'given',
      /ops may not become root by sudo: .*not in the sudoers/,
    ],
    [
      'sudo',
      'sudo: sorry, you must have a tty to run sudo\n',
      'none',
      /wants a terminal \(requiretty\) for ops/,
    ],
    [
      'sudo',
      "Sorry, user ops is not allowed to execute '/bin/sh' as root on gw1.\n",
      'none',
      /may not become root/,
    ],
    ['sudo-rs', 'sudo-rs: interactive authentication is required\n', 'none', /wants a password of ops/],
    [
      'sudo-rs',
      `[sudo: ${mark}] Password: \nsudo: Authentication failed, try again.\n[sudo: ${mark}] Password: `,
      'given',
      /refused the password of ops/,
    ],
    [
      'sudo-rs',
      `[sudo: ${mark}] Password: \nsudo-rs: Maximum 3 incorrect authentication attempts\n`,
      'given',
      /refused the password of ops/,
    ],
    ['sudo-rs', "sudo-rs: I'm sorry ops. I'm afraid I can't do that\n", 'given', /ops may not become root/],
    ['sudo-rs', "sudo-rs: user 'root' not found\n", 'none', /there is no user root on this host/],
    ['sudo-rs', "sudo-rs: 'sh': command not found\n", 'none', /did not start the script: .*'sh': command/],
    [
      'sudo-rs',
      'sudo-rs: invalid configuration: /etc/sudoers cannot be world-writable\n',
      'none',
      /did not start the script: .*invalid configuration/,
    ],
    [
      'sudo',
      'sudo: unknown user root\nsudo: error initializing audit plugin sudoers_audit\n',
      'none',
      /there is no user root on this host/,
    ],
    ['bash', 'bash: line 1: exec: sudo: not found\n', 'none', /there is no sudo on this host/],
    ['sh', 'sh: 1: exec: sudo: not found\n', 'none', /there is no sudo on this host/],
    ['nobody', '', 'none', /sudo ended without a word/],
    [
      'strangers',
      'sudo: unable to open the vault\n',
      'none',
      /did not start the script: sudo: unable to open the vault/,
    ],
  ])('of %s: %j', (_, said, password, cause) => {
    expect(sudoRefusal(said, sudo(password)).cause).toMatch(cause);
  });

  test('a second prompt means a wrong password, a first one does not', () => {
    expect(askedTwice(mark, sudo('given'))).toBe(false);
    expect(askedTwice(`${mark}Sorry, try again.\n${mark}`, sudo('given'))).toBe(true);
  });
});
