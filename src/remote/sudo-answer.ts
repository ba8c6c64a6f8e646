/**
 * Why sudo did not start the script, read from what it said. Wordings are those of sudo 1.9 and of sudo-rs 0.2 (Debian
 * 13) under LC_ALL=C; both are met for real in test/lab.
 */
import type { Sudo } from './order.ts';

/** Whether sudo asked again: the password was wrong, and another try could lock the account. */
export function askedTwice(stderr: string, { promptMark }: Sudo): boolean {
  return stderr.indexOf(promptMark) !== stderr.lastIndexOf(promptMark);
}

/** sudo-rs, known by how it asks: it takes the end of its input for two more, empty passwords, and accounts lock. */
export function triesEmptyPasswords(stderr: string, { promptMark }: Sudo): boolean {
  return stderr.includes(`[sudo: ${promptMark}]`);
}

/** A sentence for the user, and what to do. */
export function sudoRefusal(stderr: string, sudo: Sudo): { cause: string; hint?: string } {
  const { user, becomeUser, passwordGiven } = sudo;
  const said = stderr
    .replaceAll(new RegExp(`(?:\\[sudo: )?${sudo.promptMark}(?:\\] Password: ?)?`, 'g'), '')
    .trim();
  const last = said.split('\n').at(-1)?.trim() ?? '';
  if (/must have a tty|no tty present/i.test(said)) {
    return {
      cause: `sudo on this host wants a terminal (requiretty) for ${user}`,
      hint: `write "Defaults:${user} !requiretty" into its sudoers`,
    };
  }
  if (/not in the sudoers|may not run sudo|not allowed to (execute|run)|I'm sorry/i.test(said)) {
    return { cause: `${user} may not become ${becomeUser} by sudo: ${last}` };
  }
  if (askedTwice(stderr, sudo) || /try again|incorrect (password|authentication)/i.test(said)) {
    return { cause: `sudo refused the password of ${user}`, hint: 'check ansible_become_password, or -K' };
  }
  if (/password is required|interactive authentication is required/i.test(said)) {
    if (passwordGiven) return { cause: `sudo refused the password of ${user}: ${last}` };
    return {
      cause: `sudo wants a password of ${user}, or ${user} is not in its sudoers`,
      hint: 'give ansible_become_password or -K, or allow NOPASSWD',
    };
  }
  if (/unknown user|user '.*' not found/i.test(said)) {
    return {
      cause: `there is no user ${becomeUser} on this host to become`,
      hint: 'check ansible_become_user',
    };
  }
  if (/\bsudo: (?:command )?not found/.test(said)) return { cause: 'there is no sudo on this host' };
  return { cause: said === '' ? 'sudo ended without a word' : `sudo did not start the script: ${last}` };
}
