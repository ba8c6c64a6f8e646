import { describe, expect, test } from 'vitest';
import { readSshArgs } from '../../src/remote/ssh-args.ts';

describe('ansible_ssh_common_args', () => {
  test.each([
    [['-J', 'jump'], { jumps: [{ host: 'jump' }] }],
    [['-Jroot@jump:2222'], { jumps: [{ host: 'jump', port: 2222, user: 'root' }] }],
    [['-J', 'a,u@[fd00::1]:22'], { jumps: [{ host: 'a' }, { host: 'fd00::1', port: 22, user: 'u' }] }],
    [['-o', 'ProxyJump=none'], { jumps: [] }],
    [['-o', 'proxyjump a'], { jumps: [{ host: 'a' }] }],
    [['-oStrictHostKeyChecking=no'], { policy: 'accept-new' }],
    [['-o', 'StrictHostKeyChecking = ask'], { policy: 'ask' }],
    [['-o', 'UserKnownHostsFile="/a/b"'], { knownHostsFiles: ['/a/b'] }],
    [['-o', 'UserKnownHostsFile=~/x /y'], { knownHostsFiles: ['~/x', '/y'] }],
    [['-o', 'StrictHostKeyChecking=yes', '-o', 'StrictHostKeyChecking=no'], { policy: 'strict' }],
  ])('%j is read', (words, options) => {
    expect(readSshArgs(words)).toEqual({ options, unknown: [] });
  });

  test('what is not followed is given back word by word', () => {
    const words = [
      '-C',
      '-o',
      'ControlMaster=auto',
      '-oControlPersist=60s',
      '-J',
      'j',
      '-o',
      'ProxyJump=a:99999',
      '-o',
    ];
    expect(readSshArgs(words)).toEqual({
      options: { jumps: [{ host: 'j' }] },
      unknown: ['-C', '-o ControlMaster=auto', '-oControlPersist=60s', '-o ProxyJump=a:99999', '-o'],
    });
  });

  test('a jump host that ssh would take for an option is refused', () => {
    expect(readSshArgs(['-J', '-oProxyCommand=x']).unknown).toEqual(['-J -oProxyCommand=x']);
  });
});
