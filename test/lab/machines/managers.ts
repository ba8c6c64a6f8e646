/**
 * What an administrator had set up before gwfleet came: eth0 10.0.0.1/24 inside, eth1 203.0.113.10/24 outside, one route
 * of theirs, in the words of each manager. `none`: a script of their own at boot.
 */

export const managers = [
  'ifupdown',
  'networkd',
  'netplan-networkd',
  'netplan-nm',
  'networkmanager',
  'none',
] as const;
export type Manager = (typeof managers)[number];

export interface ManagerFile {
  readonly path: string;
  readonly text: string;
  readonly mode?: number;
}

interface Setup {
  readonly files: readonly ManagerFile[];
  /** Units that are enabled, as links into multi-user.target.wants. */
  readonly units: readonly string[];
  /** As an administrator restarts it, and makes it read its files again. */
  readonly restart: string;
  readonly reconfigure: string;
}

const netplan = (renderer: string): ManagerFile => ({
  path: '/etc/netplan/10-base.yaml',
  mode: 0o600,
  text: `network:
  version: 2
  renderer: ${renderer}
  ethernets:
    eth0: { addresses: [10.0.0.1/24] }
    eth1:
      addresses: [203.0.113.10/24]
      routes: [{ to: 198.51.100.0/24, via: 203.0.113.1 }]
`,
});

const keyfile = (device: string, ipv4: string): ManagerFile => ({
  path: `/etc/NetworkManager/system-connections/${device}.nmconnection`,
  mode: 0o600,
  text: `[connection]\nid=${device}\nuuid=${device === 'eth0' ? '0' : '1'}0000000-0000-4000-8000-000000000000\ntype=ethernet\ninterface-name=${device}\n\n[ipv4]\nmethod=manual\n${ipv4}\n[ipv6]\nmethod=disabled\n`,
});

/** NetworkManager leaves veth alone unless told. */
const nmManages: ManagerFile = {
  path: '/etc/NetworkManager/conf.d/10-manage.conf',
  text: '[main]\nno-auto-default=*\n[device-veth]\nmatch-device=interface-name:eth*\nmanaged=1\n',
};

export const setups: Readonly<Record<Manager, Setup>> = {
  ifupdown: {
    files: [
      {
        path: '/etc/network/interfaces',
        text: `source /etc/network/interfaces.d/*

auto lo eth0 eth1
iface lo inet loopback
iface eth0 inet static
  address 10.0.0.1/24
iface eth1 inet static
  address 203.0.113.10/24
  up ip route add 198.51.100.0/24 via 203.0.113.1 dev eth1
`,
      },
    ],
    units: ['networking'],
    restart: 'systemctl restart networking',
    reconfigure: 'ifdown eth1; ifup eth1; ifdown eth0; ifup eth0',
  },
  networkd: {
    files: [
      {
        path: '/etc/systemd/network/10-eth0.network',
        text: '[Match]\nName=eth0\n[Network]\nAddress=10.0.0.1/24\n',
      },
      {
        path: '/etc/systemd/network/10-eth1.network',
        text: '[Match]\nName=eth1\n[Network]\nAddress=203.0.113.10/24\n[Route]\nDestination=198.51.100.0/24\nGateway=203.0.113.1\n',
      },
    ],
    units: ['systemd-networkd'],
    restart: 'systemctl restart systemd-networkd',
    reconfigure: 'networkctl reload; networkctl reconfigure eth0 eth1',
  },
  'netplan-networkd': {
    files: [netplan('networkd')],
    units: ['systemd-networkd'],
    restart: 'systemctl restart systemd-networkd',
    reconfigure: 'netplan apply',
  },
  'netplan-nm': {
    files: [netplan('NetworkManager'), nmManages],
    units: ['NetworkManager'],
    restart: 'systemctl restart NetworkManager',
    reconfigure: 'netplan apply',
  },
  networkmanager: {
    files: [
      nmManages,
      keyfile('eth0', 'address1=10.0.0.1/24\n'),
      keyfile('eth1', 'address1=203.0.113.10/24\nroute1=198.51.100.0/24,203.0.113.1\n'),
    ],
    units: ['NetworkManager'],
    restart: 'systemctl restart NetworkManager',
    reconfigure: 'nmcli con up eth1; nmcli con up eth0',
  },
  none: {
    files: [
      {
        path: '/etc/systemd/system/site-net.service',
        text: '[Unit]\nBefore=network.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/sbin/site-net\n[Install]\nWantedBy=multi-user.target\n',
      },
      {
        path: '/usr/local/sbin/site-net',
        mode: 0o755,
        text: `#!/bin/sh
ip link set eth0 up; ip link set eth1 up
ip addr replace 10.0.0.1/24 brd + dev eth0
ip addr replace 203.0.113.10/24 brd + dev eth1
ip route replace 198.51.100.0/24 via 203.0.113.1 dev eth1
`,
      },
    ],
    units: ['site-net'],
    restart: 'systemctl restart site-net',
    reconfigure: 'systemctl restart site-net',
  },
};
