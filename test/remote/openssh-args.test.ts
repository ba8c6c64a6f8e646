/** What the system's ssh makes of our command line, in its own words (`ssh -G`). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { opensshArgs } from '../../src/remote/openssh-args.ts';
import type { Target } from '../../src/remote/remote.ts';
import { settingsOf } from '../../src/remote/settings.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwfleet-args-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a FIDO token, its provider, a certificate and a ProxyCommand of the configuration reach ssh as they are', () => {
  const config = join(folder, 'config');
  const key = join(folder, 'id_ed25519_sk');
  writeFileSync(key, '', { mode: 0o600 });
  const lines = ['Host gw1', 'SecurityKeyProvider /opt/provider.so', 'CertificateFile /opt/me-cert.pub'];
  writeFileSync(
    config,
    [...lines, 'ProxyCommand /opt/proxy %h %p', 'IdentityAgent /opt/agent', ''].join('\n'),
  );
  const told = asked(config, {
    privateKeyFile: key,
    sshArgs: ['-o', 'PKCS11Provider=/opt/p11.so'],
  });
  expect(told).toMatchObject({
    securitykeyprovider: '/opt/provider.so',
    certificatefile: '/opt/me-cert.pub',
    proxycommand: '/opt/proxy %h %p',
    identityagent: '/opt/agent',
    pkcs11provider: '/opt/p11.so',
    identityfile: key,
    identitiesonly: 'yes',
    batchmode: 'yes',
    stricthostkeychecking: 'true',
  });
});

test('the inventory may name the provider, and without a named key the configuration names it', () => {
  const config = join(folder, 'other');
  writeFileSync(config, 'Host gw1\nIdentityFile /opt/from_config_sk\n');
  const told = asked(config, { sshArgs: ['-o', 'SecurityKeyProvider=/opt/inventory.so'] });
  expect(told).toMatchObject({
    securitykeyprovider: '/opt/inventory.so',
    identityfile: '/opt/from_config_sk',
    identitiesonly: 'no',
  });
});

function asked(sshConfigFile: string, wish: Partial<Target>): Readonly<Record<string, string>> {
  const target: Target = {
    host: 'gw1',
    address: 'gw1',
    port: 22,
    user: 'root',
    transport: 'openssh',
    sshArgs: [],
    become: null,
    ...wish,
  };
  const args = opensshArgs(target, settingsOf({ home: folder, sshConfigFile }), {});
  if ('kind' in args) throw new Error(args.message);
  const said = execFileSync('ssh', ['-G', ...args, '--', target.address], { encoding: 'utf8' });
  return Object.fromEntries(said.split('\n').map((line) => line.split(/ (.*)/s, 2) as [string, string]));
}
