/**
 * From any start to the wanted state: every gateway of one lab begins in another disorder, and every webserver with
 * other routes. One apply later all are as wanted, and what belongs to others on the same hosts is byte for byte what
 * it was.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { hostNames } from './host-state.ts';

/** A Docker-like and a fail2ban-like set of chains, an address and a route of somebody else. */
const foreign = `
iptables-restore --noflush <<'END'
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:DOCKER-USER - [0:0]
:f2b-sshd - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A FORWARD -j DOCKER-USER
-A FORWARD -i docker0 ! -o docker0 -m comment --comment "not \\"GWFLEET\\" at all" -j ACCEPT
-A DOCKER-USER -j RETURN
-A f2b-sshd -s 198.51.100.9/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
COMMIT
END
ip addr add 203.0.113.250/32 dev eth1
ip addr add 192.0.2.77/24 dev eth0 label eth0:vpn
ip route add 192.0.2.128/25 via 10.0.255.1 metric 77
`;

const load = (text: string) => `iptables-restore --noflush <<'END'\n${text}END\n`;

/** N stands for the tens of the gateway's pool: 203.0.113.N1 is its first alias. */
const starts: Readonly<Record<string, string>> = {
  'aliases missing': 'ip addr add 203.0.113.N2/24 brd + dev eth1 label eth1:1',
  'aliases too many': `ip addr add 203.0.113.N9/24 brd + dev eth1 label eth1:8
ip addr add 203.0.113.N1/24 brd + dev eth1 label eth1:0`,
  'aliases mislabelled': `ip addr add 203.0.113.N1/24 brd + dev eth1
ip addr add 203.0.113.N2/24 brd + dev eth1 label eth1:web
ip addr add 203.0.113.N3/24 brd + dev eth1 label eth1:0`,
  'aliases with another prefix': `ip addr add 203.0.113.N1/32 dev eth1 label eth1:0
ip addr add 203.0.113.N2/25 dev eth1 label eth1:1
ip addr add 203.0.113.N3/24 dev eth1 label eth1:2`,
  'aliases on the wrong interface': `ip addr add 203.0.113.N1/24 dev eth0
ip addr add 203.0.113.N2/32 dev lo`,
  'chains in another order with foreign rules between': load(`*filter
:GWFLEET-FORWARD - [0:0]
:GWFLEET-INPUT - [0:0]
-A GWFLEET-FORWARD -i eth1 -j DROP
-A GWFLEET-FORWARD -i eth0 -j DROP
-A GWFLEET-FORWARD -s 192.168.0.0/16 -j ACCEPT
-A GWFLEET-FORWARD -s 10.0.0.0/8 -i eth0 -o eth1 -j ACCEPT
-A FORWARD -j GWFLEET-FORWARD
-A INPUT -j GWFLEET-INPUT
COMMIT
`),
  'chains and jumps doubled': load(`*nat
:GWFLEET-SNAT - [0:0]
-A GWFLEET-SNAT -s 10.0.0.0/8 -o eth1 -j SNAT --to-source 203.0.113.N0 --random-fully
-A GWFLEET-SNAT -s 10.0.0.0/8 -o eth1 -j SNAT --to-source 203.0.113.N0 --random-fully
-A POSTROUTING -j GWFLEET-SNAT
-A POSTROUTING -o eth1 -j GWFLEET-SNAT
-A POSTROUTING -j GWFLEET-SNAT
COMMIT
*filter
:GWFLEET-FORWARD - [0:0]
-A FORWARD -j GWFLEET-FORWARD
-A FORWARD -g GWFLEET-FORWARD
COMMIT
`),
  'chains half deleted': load(`*nat
:GWFLEET-SNAT - [0:0]
-A GWFLEET-SNAT -s 10.0.0.0/8 -o eth1 -j SNAT --to-source 203.0.113.N0 --random-fully
-A POSTROUTING -j GWFLEET-SNAT
COMMIT
*filter
:GWFLEET-FORWARD - [0:0]
COMMIT
`),
  'the recipe of 2007 by hand': `${load(`*nat
-A POSTROUTING -o eth1 -j SNAT --to-source 203.0.113.N0-203.0.113.N5
COMMIT
*filter
-A FORWARD -i lo -j ACCEPT
-A FORWARD -s 10.0.0.0/8 -i eth0 -j ACCEPT
-A FORWARD -i eth1 -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
`)}iptables -P FORWARD DROP; echo 1 > /proc/sys/net/ipv4/ip_forward`,
  'ip_forward already on': 'echo 1 > /proc/sys/net/ipv4/ip_forward; iptables -P FORWARD DROP',
};

/** What a webserver has before, and the one default route it must have afterwards. V is its gateway. */
const routes: readonly { readonly start: string; readonly before: string; readonly after: string }[] = [
  { start: 'no route', before: ':', after: 'default via V dev eth0 proto static' },
  {
    start: 'a route with a metric, a protocol and a source',
    before: 'ip route add default via 10.0.0.9 dev eth0 proto dhcp src $me metric 1002',
    after: 'default via V dev eth0 proto dhcp src ME metric 1002',
  },
  {
    start: 'two routes of one device',
    before:
      'ip route add default via 10.0.0.8 dev eth0 metric 50; ip route add default via 10.0.0.9 dev eth0 metric 100',
    after: 'default via V dev eth0 metric 50',
  },
  {
    start: 'a backup by another device',
    before:
      'ip link add dummy0 type veth peer name dummy1; ip addr add 172.31.0.2/24 dev dummy0; ip link set dummy0 up; ip link set dummy1 up; ip route add default via 10.0.0.8; ip route add default via 172.31.0.1 dev dummy0 metric 900',
    after: 'default via V dev eth0\ndefault via 172.31.0.1 dev dummy0 metric 900',
  },
  {
    start: 'the wanted gateway with a metric',
    before: 'ip route add default via V dev eth0 metric 5',
    after: 'default via V dev eth0 metric 5',
  },
];

const sizes = { gateways: Object.keys(starts).length, webservers: routes.length };
const { gateways, webservers } = hostNames(sizes);

describe.each(['nft', 'legacy'] as const)('with iptables %s', (iptables) => {
  let lab: Fleet;
  const before = new Map<string, string>();
  beforeAll(async () => {
    lab = await fleet({ ...sizes, iptables });
    await lab.run('controller', ['sh', '-c', 'cat > "$0"', `${lab.folder}/all.yaml`], { input: atOnce });
    const via = await wantedGateways(lab);
    const scripts = [
      ...Object.values(starts).map((start, i) => [`gw${i + 1}`, pooled(start, i)] as const),
      ...routes.map(({ before: routed }, i) => {
        const web = webservers[i] ?? '';
        const me = 'me=$(ip -4 -o addr show dev eth0 | awk \'{sub(/\\/.*/, "", $4); print $4; exit}\')';
        return [web, `${me}; ${routed.replaceAll('V', via.get(web) ?? '')}`] as const;
      }),
    ];
    await Promise.all(
      scripts.map(async ([host, script]) => {
        await lab.run(
          host,
          `set -e; ${host.startsWith('gw') ? foreign : foreign.replaceAll('eth1', 'eth0')}`,
        );
        before.set(host, await others(lab, host));
        await lab.run(host, `set -e; ${script}`);
      }),
    );
  });

  it('one apply brings all to the wanted state, and the plan is empty then', async () => {
    const playbook = ['-p', `${lab.folder}/all.yaml`];
    const { code, stdout, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes', ...playbook]);
    expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /);
    const planned = await lab.gwfleet(['plan', lab.inventory, '--exit-code']);
    expect(`${planned.code} ${planned.stdout}`).toMatch(/^0 [\s\S]*No changes: 15 of 15 hosts/);
  });

  it.each(Object.keys(starts))('gateway with %s', async (start) => {
    const i = Object.keys(starts).indexOf(start);
    const gateway = gateways[i] ?? '';
    expect(await others(lab, gateway)).toBe(before.get(gateway));
    const pool = Array.from({ length: 6 }, (_, n) => `203.0.113.${(i + 1) * 10 + n}`);
    const aliases = await lab.run(
      gateway,
      "ip -4 -o addr show | grep -v 203.0.113.250 | sed 's/ valid_lft.*//' | tr -d '\\\\' | awk '/203\\.0\\.113/ {print $2, $4, $6, $NF}'",
    );
    const [primary, ...rest] = aliases.trim().split('\n');
    expect(primary).toBe(`eth1 ${pool[0] ?? ''}/24 203.0.113.255 eth1`);
    expect(rest.map((line) => line.split(' ').slice(0, 3).join(' ')).toSorted()).toEqual(
      pool.slice(1).map((address) => `eth1 ${address}/24 203.0.113.255`),
    );
    expect(rest.map((line) => line.split(' ')[3]).toSorted()).toEqual(
      [0, 1, 2, 3, 4].map((n) => `eth1:${n}`),
    );
    const rules = await lab.run(gateway, 'iptables -S; iptables -t nat -S');
    expect(rules.match(/^-A (?:FORWARD|INPUT|POSTROUTING) -[jg] GWFLEET-\w+$/gm)).toEqual([
      '-A INPUT -j GWFLEET-INPUT',
      '-A FORWARD -j GWFLEET-FORWARD',
      '-A POSTROUTING -j GWFLEET-SNAT',
    ]);
    expect(rules.match(/^-A GWFLEET-SNAT/gm)).toHaveLength(6);
    expect(rules.match(/^-A GWFLEET-FORWARD/gm)).toHaveLength(6);
    expect(rules).toContain('-P FORWARD DROP');
    expect(rules).not.toMatch(/192\.168\.0\.0|--state |-A POSTROUTING -o eth1 -j SNAT/);
    expect(await lab.run(gateway, 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1\n');
  });

  it.each(routes)('webserver with $start', async ({ after, start }) => {
    const web = webservers[routes.findIndex((route) => route.start === start)] ?? '';
    expect(await others(lab, web)).toBe(before.get(web));
    const via = (await wantedGateways(lab)).get(web) ?? '';
    const me = (await lab.run(web, 'ip -4 -o addr show dev eth0')).match(/inet ([\d.]+)/)?.[1] ?? '';
    const now = await lab.run(web, "ip -4 route show default | sed 's/ *$//'");
    expect(now.trim()).toBe(after.replaceAll('V', via).replace('ME', me));
  });
});

/** All hosts at once: fifteen starts are no reason for fifteen batches. */
const atOnce = `
- hosts: gateways
  tasks:
    - aliases: { interface: "{{ external_interface }}", addresses: "{{ snat_pool }}" }
    - conntrack: { pool: "{{ snat_pool }}", internal: "{{ internal_interface }}", external: "{{ external_interface }}" }
    - ruleset: { internal: "{{ internal_interface }}", external: "{{ external_interface }}", network: "{{ internal_network }}", pool: "{{ snat_pool }}", spread: "{{ spread }}", style: "{{ ruleset_style }}" }
    - sysctl: { net.ipv4.ip_forward: 1 }
- hosts: webservers
  tasks:
    - default_route: { via: "{{ gateway }}", drain: { deadline: 10m, then: leave } }
`;

function pooled(script: string, index: number): string {
  return script.replaceAll(
    /203\.0\.113\.N(\d)/g,
    (_, digit) => `203.0.113.${(index + 1) * 10 + Number(digit)}`,
  );
}

/** The next hop of each webserver, from the plan itself. */
async function wantedGateways(lab: Fleet): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await lab.gwfleet(['plan', lab.inventory, '--json', '--limit', 'webservers']);
  const { plan } = JSON.parse(stdout) as {
    plan: { plays: { hosts: { host: string; tasks: { type: string; args: { via?: string } }[] }[] }[] };
  };
  const hosts = plan.plays.flatMap((play) => play.hosts);
  return new Map(hosts.map(({ host, tasks }) => [host, tasks.at(-1)?.args.via ?? '']));
}

/** Everything that is not gwfleet's: chains and rules, addresses, routes. A legacy table stays, empty, once it was used. */
async function others(lab: Fleet, host: string): Promise<string> {
  return lab.run(
    host,
    `iptables-save | sed -e '/^#/d' -e 's/\\[[0-9]*:[0-9]*\\]//' -e '/^:[A-Z]* ACCEPT/d' -e '/^[*C]/d' -e '/^:FORWARD/d' -e '/^:GWFLEET/d' -e '/^-A GWFLEET/d' -e '/-j GWFLEET/d'
ip -4 -o addr | grep -v -e 203.0.113.[1-9][0-9]/ -e 203.0.113.1[0-9][0-9]/ -e dummy0
ip route show | grep -v -e ^default -e dummy0`,
  );
}
