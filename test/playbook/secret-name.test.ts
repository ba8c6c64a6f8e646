/** Names that tell of secrets, and their values as stars in the lines of a file. */
import { describe, expect, it } from 'vitest';
import { isSecretName, maskedSecrets, secretTexts } from '../../src/playbook/secret-name.ts';

describe('a name', () => {
  it.each([
    ...[
      'ansible_password',
      'ansible_become_pass',
      'db_passwd',
      'API_TOKEN',
      'client_secret',
      'tls_private_key',
    ],
    ...['vault_passphrase', 'apikey', 'aws_credentials'],
  ])('tells of a secret: %s', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    ...[
      'ansible_ssh_private_key_file',
      'token_path',
      'password_length',
      'secret_name',
      'snat_pool',
      'bypass_pool',
    ],
    ...['compass', 'ansible_user'],
  ])('is harmless: %s', (name) => expect(isSecretName(name)).toBe(false));
});

it('texts of a secret are all in it, and those of secret keys in anything else', () => {
  expect(secretTexts('db_secrets', { a: ['one', 2], b: null })).toEqual(['one', '2']);
  expect(secretTexts('db', { user: 'me', password: 'mine' })).toEqual(['mine']);
  expect(secretTexts('pool', 'a')).toEqual([]);
});

it.each([
  ['db_password: a, b # c', 'db_password: ********'],
  ['  - token: "a, \\" b" # c', '  - token: ********* # c'],
  ['gw1: { db_password: a b, ansible_port: 22 }', 'gw1: { db_password: ***, ansible_port: 22 }'],
  ["x: { secret: 'it''s', y: 1 }", 'x: { secret: *******, y: 1 }'],
  ['x: { secrets: { a: 1, b: 2 } }', 'x: { secrets: ****************'],
  ['token_path: /etc/token', 'token_path: /etc/token'],
  ['db_password=abc other=1', 'db_password=***********'],
  [
    'key: |\n  a\nprivate_key: |\n  BEGIN\n\n  END\nnext: 1',
    'key: |\n  a\nprivate_key: *\n  *****\n\n  ***\nnext: 1',
  ],
])('in a file the values are stars of the same length: %j', (line, masked) => {
  expect(maskedSecrets(line)).toBe(masked);
  expect(maskedSecrets(line)).toHaveLength(line.length);
});
