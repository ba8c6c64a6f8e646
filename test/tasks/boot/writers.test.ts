/** The texts that owners of interfaces are given, held fast: a wrong one locks a host out at its next boot. */
import { describe, expect, it } from 'vitest';
import { sh } from '../../../src/shell/sh.ts';
import type { BootFacts, Claim } from '../../../src/tasks/boot/boot-facts.ts';
import { addressParts, routeGone, routeParts } from '../../../src/tasks/boot/network.ts';
import { ownerNotes, routeNotes } from '../../../src/tasks/boot/owner-notes.ts';
import { rulesGone, rulesParts } from '../../../src/tasks/boot/rules.ts';
import type { BootPart } from '../../../src/tasks/task-type.ts';

const addresses = {
  interface: 'eth1',
  addresses: [
    { address: '203.0.113.11', prefix: 24, broadcast: '203.0.113.255', label: 'eth1:0' },
    { address: '198.51.100.9', prefix: 32, broadcast: null, label: 'eth1:1' },
  ],
  gone: [{ address: '203.0.113.19', prefix: 24, broadcast: '203.0.113.255', label: 'eth1:7' }],
};
const route = { interface: 'eth0', via: '10.0.0.2', metric: 100, source: '10.0.0.50', mtu: 1400 };

const claim = (manager: Claim['manager'], more: Partial<Claim> = {}): Claim => ({
  manager,
  source: '',
  renderer: '',
  trouble: '',
  ...more,
});

function host(
  claims: readonly Claim[],
  more: Partial<BootFacts> = {},
  gateways: readonly string[] = [],
): BootFacts {
  const owners = ['eth0', 'eth1'].map((device) => ({ interface: device, claims, gateways }));
  return { init: 'systemd', owners, rulesUnits: [], profiles: [], files: [], ...more };
}

const text = (parts: readonly BootPart[]) =>
  parts
    .map((part) =>
      'path' in part
        ? `${part.path} ${part.mode.toString(8)}\n${part.content}`
        : `${part.name}: ${part.to}\n${part.write.text}`,
    )
    .join('\n');

describe('addresses', () => {
  it('are a drop-in beside the Network File of networkd', () => {
    expect(
      text(
        addressParts(
          addresses,
          host([claim('networkd', { source: '/etc/systemd/network/10-eth1.network' })]),
        ),
      ),
    ).toBe(
      `/etc/systemd/network/10-eth1.network.d/50-gwfleet-aliases-eth1.conf 644
# Written by gwfleet.
[Address]
Address=203.0.113.11/24
Broadcast=203.0.113.255
Label=eth1:0
[Address]
Address=198.51.100.9/32
Label=eth1:1
`,
    );
  });

  it('are a netplan file, with labels where networkd carries it out and without where NetworkManager does', () => {
    const labelled = text(addressParts(addresses, host([claim('netplan', { renderer: 'networkd' })])));
    expect(labelled).toBe(`/etc/netplan/90-gwfleet-aliases-eth1.yaml 600
# Written by gwfleet.
network:
  version: 2
  ethernets:
    "eth1":
      addresses:
        - "203.0.113.11/24":
            label: "eth1:0"
        - "198.51.100.9/32":
            label: "eth1:1"
`);
    const bare = text(addressParts(addresses, host([claim('netplan', { renderer: 'networkmanager' })])));
    expect(bare).not.toContain('label');
  });

  it('go into the profile of NetworkManager, and leave it when they are no longer wanted', () => {
    const profile = {
      uuid: 'u-1',
      method: 'manual',
      addresses: ['203.0.113.10/24', '203.0.113.11/24', '203.0.113.19/24'],
      gateway: '',
    };
    const boot = host([claim('networkmanager', { source: 'u-1' })], { profiles: [profile] });
    expect(text(addressParts(addresses, boot))).toBe(`profile of eth1: +198.51.100.9/32 -203.0.113.19/24
nmcli connection modify u-1 +ipv4.addresses 198.51.100.9/32 || return 1
nmcli connection modify u-1 -ipv4.addresses 203.0.113.19/24 || return 1`);
  });

  it('of a run that is taken back leave the profile with those of ours that it had before', () => {
    const claims = [claim('networkmanager', { source: 'u' })];
    const profile = (...own: readonly string[]) => ({
      uuid: 'u',
      method: 'manual',
      addresses: ['203.0.113.10/24', ...own],
      gateway: '',
    });
    const back = (then: readonly string[]) => {
      const boot = host(claims, {
        profiles: [profile('203.0.113.11/24')],
        profilesThen: [profile(...then)],
      });
      return addressParts(addresses, boot).map((part) => ('to' in part ? part.to : ''));
    };
    expect(back(['203.0.113.19/24'])).toEqual(['+203.0.113.19/24 -203.0.113.11/24']);
    expect(back(['203.0.113.11/24'])).toEqual([]);
  });

  it('are a hook of ifupdown that ends well whatever happens', () => {
    expect(
      text(addressParts(addresses, host([claim('ifupdown')]))),
    ).toBe(`/etc/network/if-up.d/gwfleet-aliases-eth1 755
#!/bin/sh
# Written by gwfleet.
[ "$IFACE" = eth1 ] || exit 0
case $ADDRFAM in inet|NetworkManager) ;; *) exit 0 ;; esac
ip addr replace 203.0.113.11/24 broadcast 203.0.113.255 dev eth1 label eth1:0
ip addr replace 198.51.100.9/32 dev eth1 label eth1:1
exit 0
`);
  });

  it('are one ifcfg file an alias, as in 2007', () => {
    expect(
      text(addressParts(addresses, host([claim('ifcfg')]))),
    ).toBe(`/etc/sysconfig/network-scripts/ifcfg-eth1:0 644
# Written by gwfleet.
DEVICE=eth1:0
BOOTPROTO=static
IPADDR=203.0.113.11
PREFIX=24
BROADCAST=203.0.113.255
ONBOOT=yes
ONPARENT=yes

/etc/sysconfig/network-scripts/ifcfg-eth1:1 644
# Written by gwfleet.
DEVICE=eth1:1
BOOTPROTO=static
IPADDR=198.51.100.9
PREFIX=32
ONBOOT=yes
ONPARENT=yes

/etc/sysconfig/network-scripts/ifcfg-eth1:7 0
null`);
  });

  it('are set by a unit of our own where nobody owns the interface', () => {
    const parts = addressParts(addresses, host([]));
    expect(parts.map((part) => ('path' in part ? part.path : ''))).toEqual([
      '/etc/gwfleet/aliases-eth1',
      '/etc/systemd/system/gwfleet-aliases-eth1.service',
      '/etc/systemd/system/multi-user.target.wants/gwfleet-aliases-eth1.service',
    ]);
    expect(text(parts)).toContain(
      'ip addr replace 203.0.113.11/24 broadcast 203.0.113.255 dev eth1 label eth1:0',
    );
  });

  it('are written for nobody where two own the interface, and both are named', () => {
    const boot = host([claim('networkd'), claim('ifupdown')]);
    expect(addressParts(addresses, boot)).toEqual([]);
    expect(ownerNotes('eth1', boot)[0]?.text).toMatch(
      /two owners, systemd-networkd and ifupdown: .*take it from one of them \(.*stanza of eth1/,
    );
  });

  it('are written for nobody on a host whose init system is not known, and the plan says so', () => {
    const boot = host([], { init: 'other' });
    expect(addressParts(addresses, boot)).toEqual([]);
    expect(ownerNotes('eth1', boot)[0]?.text).toContain(
      'after a restart it is gwfleet apply that sets this again',
    );
  });
});

describe('an interface that nobody brings up', () => {
  it('is named, with what to do where a manager runs and leaves it alone', () => {
    const owners = [
      {
        interface: 'eth1',
        claims: [],
        gateways: [],
        bystanders: [{ manager: 'networkmanager' as const, state: 'unmanaged' }],
      },
    ];
    const [note] = ownerNotes('eth1', host([], { owners }));
    expect(note).toMatchObject({ level: 'warning' });
    expect(note?.text).toMatch(
      /NetworkManager runs and has it as unmanaged.*nmcli device set eth1 managed yes/,
    );
    expect(ownerNotes('eth1', host([]))).toMatchObject([{ level: 'info' }]);
  });
});

describe('rules', () => {
  const rules = { load: sh`true`, tables: { text: '*filter\nCOMMIT\n', restore: 'iptables-restore' } };
  const paths = (parts: readonly BootPart[]) => parts.map((part) => ('path' in part ? part.path : part.name));

  it('of style seed stand in /etc/sysconfig/iptables, too, where iptables.service reads that', () => {
    const parts = rulesParts(rules, host([], { rulesUnits: ['iptables'] }));
    expect(parts[0]).toMatchObject({
      path: '/etc/sysconfig/iptables',
      mode: 0o600,
      content: '# Written by gwfleet.\n*filter\nCOMMIT\n',
    });
    expect(parts[0]?.check?.text).toContain('iptables-restore --test -w 5 <"$gwfleet_new"');
    expect(parts[0]?.check?.text).toContain(
      'cp -p /etc/sysconfig/iptables /etc/sysconfig/iptables.gwfleet-was',
    );
    expect(paths(parts)).toContain('/etc/systemd/system/gwfleet-ruleset.service');
    expect(paths(rulesParts({ load: rules.load }, host([], { rulesUnits: ['iptables'] })))).not.toContain(
      '/etc/sysconfig/iptables',
    );
  });

  it('give the administrator’s own file back when they go', () => {
    expect(rulesGone(host([]))).toEqual([]);
    const there = host([], { files: [{ path: '/etc/sysconfig/iptables', cksum: '1 2' }] });
    expect(text(rulesGone(there))).toContain(
      'mv -f /etc/sysconfig/iptables.gwfleet-was /etc/sysconfig/iptables',
    );
  });

  it('keep forwarding off at boot however the load ends, also where it is killed', () => {
    const [program] = rulesParts(rules, host([]));
    const lines = program?.content?.split('\n') ?? [];
    const at = (words: string) => lines.findIndex((line) => line.includes(words));
    expect(at('ip_forward = 0')).toBeGreaterThan(0);
    expect(at('ip_forward = 0')).toBeLessThan(at('true'));
    expect(at('true')).toBeLessThan(at('rm -f "$closed"'));
  });
});

describe('the default route', () => {
  it('carries metric, source and mtu in the words of each owner', () => {
    expect(
      text(routeParts(route, host([claim('networkd', { source: '/etc/systemd/network/10-eth0.network' })]))),
    ).toContain('[Route]\nGateway=10.0.0.2\nMetric=100\nPreferredSource=10.0.0.50\nMTUBytes=1400\n');
    expect(text(routeParts(route, host([claim('netplan', { renderer: 'networkd' })])))).toContain(
      '        - to: "0.0.0.0/0"\n          via: "10.0.0.2"\n          metric: 100\n          from: "10.0.0.50"\n          mtu: 1400\n',
    );
    expect(text(routeParts(route, host([claim('ifupdown')])))).toContain(
      'ip route replace default via 10.0.0.2 dev eth0 src 10.0.0.50 metric 100 mtu 1400\n',
    );
    expect(text(routeParts(route, host([claim('ifcfg')])))).toContain(
      '/etc/sysconfig/network-scripts/route-eth0 644\n# Written by gwfleet.\ndefault via 10.0.0.2 dev eth0 src 10.0.0.50 metric 100\n',
    );
  });

  it('leaves the profile of NetworkManager with the gateway of before when there is none any more', () => {
    const manual = { uuid: 'u', method: 'manual', addresses: [], gateway: '10.0.0.2' };
    const claims = [claim('networkmanager', { source: 'u' })];
    const gone = (then: readonly string[]) => {
      const profilesThen = then.map((gateway) => ({ ...manual, gateway }));
      return text(routeGone(route, host(claims, { profiles: [manual], profilesThen })));
    };
    expect(gone([])).toContain("nmcli connection modify u ipv4.gateway ''");
    expect(gone(['10.0.0.9'])).toContain('nmcli connection modify u ipv4.gateway 10.0.0.9');
    // Somebody else's by now.
    const other = { ...manual, gateway: '10.0.0.8' };
    expect(routeGone(route, host(claims, { profiles: [other] }))).toEqual([]);
  });

  it('never takes the place of a route-eth0 that is not ours', () => {
    const [file] = routeParts(route, host([claim('ifcfg')]));
    expect(file).toMatchObject({
      content: '# Written by gwfleet.\ndefault via 10.0.0.2 dev eth0 src 10.0.0.50 metric 100\n',
    });
    const check = file !== undefined && 'path' in file ? file.check?.text : '';
    expect(check).toContain("grep -q '^# Written by gwfleet' /etc/sysconfig/network-scripts/route-eth0");
  });

  it('has no metric under NetworkManager, which gives another one at every start', () => {
    expect(text(routeParts(route, host([claim('netplan', { renderer: 'networkmanager' })])))).not.toContain(
      'metric',
    );
  });

  it('is set by a unit where the owner’s own file leads elsewhere, and the plan names that file', () => {
    const boot = host([claim('networkd', { source: '/etc/systemd/network/10-eth0.network' })], {}, [
      '10.0.0.1',
    ]);
    expect(text(routeParts(route, boot))).toContain('/etc/systemd/system/gwfleet-default-route-eth0.service');
    expect(routeNotes(route, boot)[0]?.text).toContain(
      '/etc/systemd/network/10-eth0.network names another default route (10.0.0.1)',
    );
    expect(routeNotes(route, host([claim('networkd')], {}, ['10.0.0.2']))).toEqual([]);
  });

  it.each([
    ['ifupdown does not see that', [claim('ifupdown')]],
    ['nobody owns it', []],
  ])('is lost with the link where %s, and the plan says so', (who, claims) => {
    expect(routeNotes(route, host(claims))[0]?.text).toContain(
      `after ip link down and up it is gone (${who})`,
    );
    expect(
      routeNotes(route, host(claims, { init: 'other' }))
        .map(({ text: told }) => told)
        .join(),
    ).not.toContain('link down');
  });

  it('is set by a unit where a lease of NetworkManager brings another one', () => {
    const profile = { uuid: 'u-1', method: 'auto', addresses: [], gateway: '' };
    const boot = host([claim('networkmanager', { source: 'u-1' })], { profiles: [profile] });
    expect(text(routeParts(route, boot))).toContain('gwfleet-default-route-eth0.service');
  });
});
