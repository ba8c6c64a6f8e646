import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAnswer } from '../../src/remote/ssh-config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwfleet-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an empty configuration says nothing but the user', () => {
  const { user, ...rest } = answer('');
  expect(user).toBeTypeOf('string');
  expect(rest).toEqual({});
});

test('what is written is read', () => {
  const config = [
    'Host gw*',
    'HostName 10.0.0.1',
    'Port 2222',
    'User ops',
    'IdentityFile /keys/one',
    'IdentityFile /keys/two',
    'ProxyJump me@jump:2200,other',
    'StrictHostKeyChecking accept-new',
    'UserKnownHostsFile /known/a /known/b',
    'HostKeyAlias the-gateway',
    'GlobalKnownHostsFile /known/all /known/more',
    'IdentityAgent /run/agent',
  ];
  expect(answer(config.join('\n'))).toEqual({
    address: '10.0.0.1',
    port: 2222,
    user: 'ops',
    keyFiles: ['/keys/one', '/keys/two'],
    jumps: [{ host: 'jump', port: 2200, user: 'me' }, { host: 'other' }],
    policy: 'accept-new',
    knownHostsFiles: ['/known/a', '/known/b'],
    hostKeyAlias: 'the-gateway',
    globalKnownHostsFiles: ['/known/all', '/known/more'],
    agentSocket: '/run/agent',
  });
});

test('a ProxyCommand is told', () => {
  expect(answer('ProxyCommand nc %h %p').proxyCommand).toBe('nc %h %p');
});

function answer(config: string) {
  const file = join(folder, 'config');
  writeFileSync(file, config);
  const text = execFileSync('ssh', ['-T', '-F', file, '-G', 'gw1'], { encoding: 'utf8' });
  return readAnswer(text, { host: 'gw1', home: homedir() });
}
