/** The job in the words of each contender: tasks of Ansible's own modules, one script, and our playbook. */
import type { Ground } from './ground.ts';

/** The shipped playbook without its batches, since the peers know none here. */
export const ourPlaybook = `
- hosts: gateways
  tasks:
    - aliases: { interface: "{{ external_interface }}", addresses: "{{ snat_pool }}" }
    - ruleset: { internal: "{{ internal_interface }}", external: "{{ external_interface }}", network: "{{ internal_network }}", pool: "{{ snat_pool }}" }
    - sysctl: { net.ipv4.ip_forward: 1 }
- hosts: webservers
  tasks:
    - default_route: { via: "{{ gateway }}" }
`;

/** iptables has a module of its own; the rest is said with \`command\`, as people do. */
export const ansiblePlaybook = `
- hosts: gateways
  gather_facts: false
  tasks:
    - command: ip -4 -o addr show dev eth1
      register: has
      changed_when: false
      check_mode: false
    - command: ip addr add {{ item.1 }}/24 dev eth1 label eth1:{{ item.0 }}
      loop: "{{ range(5) | zip(aliases) | list }}"
      when: "item.1 ~ '/' not in has.stdout"
    - iptables: { chain: FORWARD, in_interface: eth1, out_interface: eth0, ctstate: [RELATED, ESTABLISHED], jump: ACCEPT }
    - iptables: { chain: FORWARD, in_interface: eth0, out_interface: eth1, jump: ACCEPT }
    - iptables: { table: nat, chain: POSTROUTING, out_interface: eth1, source: 10.0.0.0/8, jump: SNAT, to_source: "{{ pool }}" }
    - iptables: { chain: FORWARD, policy: DROP }
    - command: cat /proc/sys/net/ipv4/ip_forward
      register: forward
      changed_when: false
      check_mode: false
    - command: sysctl -w net.ipv4.ip_forward=1
      when: forward.stdout != '1'
- hosts: webservers
  gather_facts: false
  tasks:
    - command: ip -4 route show default
      register: route
      changed_when: false
      check_mode: false
    - command: ip route replace default via {{ via }} dev eth0
      when: "via not in route.stdout"
`;

export function oneTaskPlaybook(script: string): string {
  return everywhere(`shell: |\n        ${indented(script)}`);
}

export function rawPlaybook(script: string): string {
  return everywhere(`raw: |\n        ${indented(script)}`);
}

/** What a careful person writes in an hour: looks first, changes what is missing. */
export function oneScript({ gateways, webservers }: Ground): string {
  return `case $(hostname) in
gw*) n=$(hostname | tr -dc 0-9); base=203.0.113
has=$(ip -4 -o addr show dev eth1)
for i in 0 1 2 3 4; do a=$base.$((n * 10 + i + 1)); case $has in *" $a/"*) ;; *) ip addr add $a/24 dev eth1 label eth1:$i ;; esac; done
pool=$base.$((n * 10))-$base.$((n * 10 + 5))
iptables -t nat -C POSTROUTING -s 10.0.0.0/8 -o eth1 -j SNAT --to-source $pool 2>/dev/null || iptables-restore <<RULES
*filter
:FORWARD DROP [0:0]
-A FORWARD -i eth1 -o eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth0 -o eth1 -j ACCEPT
COMMIT
*nat
-A POSTROUTING -s 10.0.0.0/8 -o eth1 -j SNAT --to-source $pool
COMMIT
RULES
[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || echo 1 > /proc/sys/net/ipv4/ip_forward ;;
web*) n=$(hostname | sed 's/^web0*//'); via=10.0.0.$(( (n - 1) % ${gateways.length} + 1 ))
ip -4 route show default | grep -q "via $via " || ip route replace default via $via dev eth0 ;;
esac # of ${gateways.length + webservers.length}
`;
}

function everywhere(task: string): string {
  return `
- hosts: all
  gather_facts: false
  tasks:
    - ${task}
`;
}

function indented(script: string): string {
  return script.trimEnd().replaceAll('\n', '\n        ');
}
