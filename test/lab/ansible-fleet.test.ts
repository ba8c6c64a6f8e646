/**
 * An inventory that Ansible has used for years, files beside it and all, needs one thing to be gwfleet's: `snat_pool`
 * on the gateways. Ansible itself reads the same file.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { fleet } from './fleet.ts';

it('works as it stands, with nothing but snat_pool added', async () => {
  const lab = await fleet({ gateways: 2, webservers: 2 });
  const folder = join(lab.folder, 'ansible');
  const files = {
    'hosts.yml': `---
all:
  children:
    gateways:
      hosts:
        gw1:
          ansible_host: 10.0.0.1
          snat_pool: 203.0.113.10-203.0.113.15
        gw2:
          ansible_host: 10.0.0.2
          snat_pool: [203.0.113.20-203.0.113.22, 203.0.113.24]
    webservers:
      hosts:
        web[01:02]:
      vars:
        http_port: 80
        motd: "{{ inventory_hostname }} serves {{ http_port }}"
    production:
      children:
        gateways:
        webservers:
      vars: { ntp_server: 10.0.255.1, admins: [alice, bob] }
`,
    'group_vars/all.yml': `ansible_user: root
ansible_python_interpreter: /usr/bin/python3
ansible_ssh_private_key_file: ${lab.folder}/id_ed25519
ansible_ssh_common_args: -o UserKnownHostsFile=${lab.folder}/known_hosts
`,
    'group_vars/webservers/main.yml': 'workers: 4\n',
    'host_vars/web01.yml': 'ansible_host: 10.0.1.1\n',
    'host_vars/web02.yml': 'ansible_ssh_host: 10.0.1.2\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const inventory = join(folder, 'hosts.yml');
  const ping = ['ansible', '-i', inventory, 'production', '-m', 'raw', '-a', 'hostname'];
  expect((await lab.run('controller', ping)).match(/CHANGED/g)).toHaveLength(4);
  const { code, stdout, stderr } = await lab.gwfleet(['apply', inventory, '--yes']);
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 4 hosts: 4 changed/);
  expect(stderr).not.toMatch(/warning|error/i);
  const seen = await lab.run('web01', 'curl -sm 20 http://198.51.100.7/');
  expect(seen).toMatch(/^203\.0\.113\.(1[0-5]|2[0124])$/);
  expect(await lab.gwfleet(['plan', inventory, '--exit-code'])).toMatchObject({ code: 0 });
});
