/**
 * Chains and rules of others on the same host, in filter and nat: Docker's, fail2ban's and Kubernetes' words. They are
 * byte for byte the same after an apply, after a change of nearly everything of ours, and after a rollback by the guard.
 */
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';

const foreign = `*nat
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SEP-B - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 192.168.96.1/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
-A KUBE-SVC-NPX46M4PTMTKRN6Y -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A
-A KUBE-SVC-NPX46M4PTMTKRN6Y -j KUBE-SEP-B
-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 192.168.10.1:6443
-A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination 192.168.10.2:6443
COMMIT
*filter
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-USER - [0:0]
:KUBE-FORWARD - [0:0]
:f2b-sshd - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A INPUT -m comment --comment "says \\"-j GWFLEET-INPUT\\" to nobody" -j ACCEPT
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A f2b-sshd -s 198.51.100.9/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
COMMIT
`;

/** Everything of ours changes, and then a check cannot hold: the guard goes back. */
const failing = `- name: Another way, and a promise that nobody keeps
  hosts: gateways
  tasks:
    - name: Rules
      ruleset: { internal: eth0, external: eth1, network: 10.0.0.0/8, pool: 203.0.113.10-203.0.113.12, spread: client }
    - name: A door that is shut
      check: { tcp: "198.51.100.7:9" }
`;

describe.each(['nft', 'legacy'] as const)('rules of others, iptables %s', (iptables) => {
  let lab: Fleet;
  let before: string;
  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 1, iptables });
    await lab.exec('gw1', 'iptables-restore --noflush', { input: foreign });
    before = others(await saved());
    expect(before.match(/^-A/gm)).toHaveLength(foreign.match(/^-A/gm)?.length ?? 0);
  });

  const saved = async () =>
    (await lab.run('gw1', 'iptables-save -t filter; iptables-save -t nat')).replaceAll(
      /^#.*\n| \[\d+:\d+\]$/gm,
      '',
    );
  /** Without what is ours: our chains, our jumps, the policy of FORWARD. */
  const others = (text: string) =>
    text.replaceAll(/^:GWFLEET-.*\n|^-A GWFLEET-.*\n|^-A \S+ -j GWFLEET-\S+\n|^:FORWARD .*\n/gm, '');
  const apply = async (...more: readonly string[]) => {
    const { code, stdout, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes', ...more]);
    return `${code} ${stdout}${stderr}`;
  };

  it('are the same after an apply', async () => {
    expect(await apply()).toMatch(/^0 /);
    const after = await saved();
    expect(after.match(/-j GWFLEET-(SNAT|FORWARD|INPUT)$/gm)).toHaveLength(3);
    expect(others(after)).toBe(before);
  });

  it('are the same after a change of spread and pool', async () => {
    expect(await apply('-e', 'spread=hash', '-e', 'snat_pool=203.0.113.10-203.0.113.13')).toMatch(/^0 /);
    const after = await saved();
    expect(after).toContain('--mark 0x102 -j SNAT');
    expect(others(after)).toBe(before);
  });

  it('are the same after sticky exceptions of the inventory, which come before the other rules', async () => {
    const pool = '["203.0.113.40-203.0.113.42","203.0.113.10","203.0.113.77"]';
    const sticky = '["198.51.100.128/25","udp/5060",21]';
    const vars = ['-e', `{"snat_pool":${pool},"sticky":${sticky}}`];
    expect(await apply(...vars)).toMatch(/^0 /);
    const after = await saved();
    const snat = after.match(/^-A GWFLEET-SNAT .*/gm) ?? [];
    expect(snat.slice(0, 4)).toEqual(
      ['-d 198.51.100.128/25 -o eth1', '-o eth1 -p udp -m udp --dport 5060']
        .concat(['tcp', 'udp'].map((name) => `-o eth1 -p ${name} -m ${name} --dport 21`))
        .map(
          (match) =>
            `-A GWFLEET-SNAT -s 10.0.0.0/8 ${match} -j SNAT --to-source 203.0.113.40-203.0.113.42 --persistent`,
        ),
    );
    expect(snat).toHaveLength(4 + 5);
    expect(others(after)).toBe(before);
    expect(await apply(...vars)).toMatch(/^0 2 hosts: 2 ok/);
  });

  it('are the same after a rollback by the guard, and so is all that is ours', async () => {
    const ours = await lab.run(
      'gw1',
      'iptables-save | grep -v "^#" | sed "s/ \\[.*//"; nft -s list table ip gwfleet_leak_guard',
    );
    writeFileSync(`${lab.folder}/failing.yaml`, failing);
    const told = await apply('-p', `${lab.folder}/failing.yaml`);
    expect(told).toMatch(/^3 [\s\S]*rolled back, verified/);
    expect(
      await lab.run(
        'gw1',
        'iptables-save | grep -v "^#" | sed "s/ \\[.*//"; nft -s list table ip gwfleet_leak_guard',
      ),
    ).toBe(ours);
    expect(others(await saved())).toBe(before);
  });

  it('find our jumps in their place again when somebody has moved them', async () => {
    await lab.run(
      'gw1',
      'iptables -D FORWARD -j GWFLEET-FORWARD; iptables -A FORWARD -j GWFLEET-FORWARD; iptables -t nat -D POSTROUTING -j GWFLEET-SNAT; iptables -t nat -A POSTROUTING -j GWFLEET-SNAT',
    );
    const told = await apply('-e', 'spread=hash', '-e', 'snat_pool=203.0.113.10-203.0.113.13');
    expect(told).toMatch(/~ ruleset FORWARD +jump to GWFLEET-FORWARD at 6 -> jump to GWFLEET-FORWARD at 1/);
    expect(
      await lab.run('gw1', 'iptables -S FORWARD | sed -n 2p; iptables -t nat -S POSTROUTING | sed -n 2p'),
    ).toBe('-A FORWARD -j GWFLEET-FORWARD\n-A POSTROUTING -j GWFLEET-SNAT\n');
    expect(others(await saved())).toBe(before);
  });
});
