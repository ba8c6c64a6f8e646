/**
 * Why sudo did not start a script, from what it said. The words of sudo 1.9 are also met for real in
 * test/lab/remote-sudo.test.ts; Debian 12 has no sudo-rs, so its words stand here from memory, unproven.
 */
import { describe, expect, test } from 'vitest';
import type { Sudo } from '../../src/remote/order.ts';
import { askedTwice, sudoRefusal } from '../../src/remote/sudo-answer.ts';

const mark = 'gwfleet-ask-1';

function sudo(password: 'given' | 'none'): Sudo {
  const passwordGiven = password === 'given';
  return { user: 'ops', becomeUser: 'root', passwordGiven, promptMark: mark, startMark: 'gwfleet-start-1' };
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
    ['sudo-rs', 'sudo: interactive authentication is required\n', 'none', /wants a password of ops/],
    [
      'sudo-rs',
      `${mark}sudo: Authentication failed, try again.\n${mark}`,
      'given',
      /refused the password of ops/,
    ],
    [
      'sudo-rs',
      `${mark}sudo: Maximum 3 incorrect authentication attempts\n`,
      'given',
      /refused the password of ops/,
    ],
    [
      'sudo-rs',
      `${mark}sudo: I'm sorry ops. I'm afraid I can't do that\n`,
      'given',
      /ops may not become root/,
    ],
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
