/** `init`: a commented inventory and playbook that validate as they are. Nothing that exists is written over. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../report/exit-code.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage.ts';

const inventory = `# Who: an Ansible inventory. \`ansible-inventory -i inventory.yaml --list\` reads it the same way.
# Check it, without a connection:  gwfleet validate inventory.yaml -p playbook.yaml
all:
  vars:
    ansible_user: root
    # ansible_ssh_private_key_file: ~/.ssh/id_ed25519   (default: your agent and your usual keys)
    # ansible_become: true                              (with a user who may sudo)
    internal_interface: eth0        # the private side of gateways and webservers
    internal_network: 10.0.0.0/8    # what may leave through the gateways
    external_interface: eth1        # the public side of gateways
    # spread: connection            # how connections choose a pool address; see: gwfleet docs ruleset
  children:
    gateways:
      hosts:
        # snat_pool: the addresses that connections leave from; a range, a CIDR, or a list of both.
        gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.15 }
        gw2: { ansible_host: 10.0.0.2, snat_pool: 203.0.113.20-203.0.113.25 }
        # gw3: { ansible_host: 10.0.0.3, snat_pool: 203.0.113.30-203.0.113.35, gateway_state: standby }
    webservers:
      vars:
        # auto: spread over the active gateways by the size of their pools, with the fewest possible moves.
        gateway: auto
      hosts:
        # web[01:04] is web01, web02, web03, web04; the names must resolve, or give each an ansible_host.
        web[01:04]: {}
`;

const playbook = `# What: plays in order. On a gateway the order of the tasks is what makes it safe: addresses, conntrack, rules,
# forwarding last. Each task type has its page: gwfleet docs aliases
- name: Gateways carry the pool
  hosts: gateways
  serial: 1               # one gateway after the other; the others carry on meanwhile
  tasks:
    - name: One alias for each pool address
      aliases: { interface: "{{ external_interface }}", addresses: "{{ snat_pool }}" }
    - name: A conntrack table that fits the pool
      conntrack: { pool: "{{ snat_pool }}" }
    - name: FORWARD and SNAT rules
      ruleset: { internal: "{{ internal_interface }}", external: "{{ external_interface }}", network: "{{ internal_network }}", pool: "{{ snat_pool }}", spread: "{{ spread }}", sticky: "{{ sticky }}", style: "{{ ruleset_style }}" }
    - name: Forward packets
      sysctl: { net.ipv4.ip_forward: 1 }
- name: Webservers leave through their gateway
  hosts: webservers
  serial: [1, "25%", "100%"]   # a canary, a quarter, the rest
  tasks:
    - name: Default route
      default_route: { via: "{{ gateway }}", drain: { deadline: 10m, then: leave } }
`;

export function init(folder: string, output: Output): Promise<number> {
  const files = [
    [join(folder, 'inventory.yaml'), inventory],
    [join(folder, 'playbook.yaml'), playbook],
  ] as const;
  const there = files.find(([path]) => existsSync(path));
  if (there !== undefined)
    throw new UsageError(`${there[0]} exists already`, 'nothing was written; name another folder');
  try {
    mkdirSync(folder, { recursive: true });
    for (const [path, text] of files) writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(
      `cannot write into ${folder}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const [[who], [what]] = files;
  output.result(`${who}\n${what}\n`);
  output.tell(`Put your hosts in, and then:
  gwfleet validate ${who} -p ${what}    every mistake, offline
  gwfleet plan ${who} -p ${what}        what would change
  gwfleet apply ${who} -p ${what}       asks first
`);
  return Promise.resolve(exitCodes.asWanted);
}
