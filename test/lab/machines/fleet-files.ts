/** Inventory and playbook of a machine: a gateway with a pool of six, that itself leaves by the hub. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function writeFleet(
  folder: string,
  { pool = '203.0.113.10-203.0.113.15', via = '10.0.0.254', style = 'hardened' } = {},
): void {
  writeFileSync(
    join(folder, 'inventory.yaml'),
    `all:
  vars:
    ansible_user: root
    ansible_ssh_private_key_file: ${folder}/id
    ansible_ssh_common_args: -o UserKnownHostsFile=${folder}/known_hosts
  children:
    gateways:
      hosts:
        gw1: { ansible_host: 10.0.0.1, snat_pool: ${pool} }
`,
  );
  writeFileSync(
    join(folder, 'site.yaml'),
    `- name: Gateways carry the pool
  hosts: gateways
  tasks:
    - name: One alias for each pool address
      aliases: { interface: "{{ external_interface }}", addresses: "{{ snat_pool }}" }
    - name: A conntrack table that fits the pool
      conntrack: { pool: "{{ snat_pool }}" }
    - name: FORWARD and SNAT rules
      ruleset: { internal: "{{ internal_interface }}", external: "{{ external_interface }}", network: "{{ internal_network }}", pool: "{{ snat_pool }}", style: ${style} }
    - name: Forward packets
      sysctl: { net.ipv4.ip_forward: 1 }
    - name: Default route
      default_route: { via: ${via}, drain: false }
`,
  );
}
