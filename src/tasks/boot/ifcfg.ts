/**
 * RHEL-style ifcfg files, as the fleet of 2007 had them: one file an alias (`ifcfg-eth1:0`), and the default route as
 * route-eth0. No such machine is at hand in the tests: the texts are held fast by golden tests.
 */
import type { BootFile } from '../task-type.ts';
import type { BootAddress, BootAddresses, BootRoute } from './network.ts';

const folder = '/etc/sysconfig/network-scripts';

export function ifcfgAddresses({ addresses, gone }: BootAddresses): readonly BootFile[] {
  const labels = new Set(addresses.map(({ label }) => label));
  const left = gone.filter(({ label }) => !labels.has(label));
  return [
    ...addresses.map(aliasFile),
    ...left.map(({ label }) => ({ path: path(label), mode: 0, content: null })),
  ];
}

function path(label: string): string {
  return `${folder}/ifcfg-${label}`;
}

function aliasFile({ address, prefix, broadcast, label }: BootAddress): BootFile {
  const lines = [
    '# Written by gwfleet.',
    `DEVICE=${label}`,
    'BOOTPROTO=static',
    `IPADDR=${address}`,
    `PREFIX=${prefix}`,
    ...(broadcast === null ? [] : [`BROADCAST=${broadcast}`]),
    'ONBOOT=yes',
    'ONPARENT=yes',
  ];
  return { path: path(label), mode: 0o644, content: `${lines.join('\n')}\n` };
}

export function ifcfgRoute({ interface: device, via, metric, source }: BootRoute): readonly BootFile[] {
  const words = [
    ...(source === null ? [] : [`src ${source}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
  ];
  const content = `# Written by gwfleet.\n${['default via', via, 'dev', device, ...words].join(' ')}\n`;
  return [{ path: `${folder}/route-${device}`, mode: 0o644, content }];
}
