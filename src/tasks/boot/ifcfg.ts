/**
 * RHEL-style ifcfg files, as the fleet of 2007 had them: one file an alias (`ifcfg-eth1:0`), and the default route as
 * route-eth0. No such machine is at hand in the tests: the texts are held fast by golden tests.
 */
import type { BootFile } from '../task-type.ts';
import type { BootAddresses, BootRoute } from './network.ts';

const folder = '/etc/sysconfig/network-scripts';

export function ifcfgAddresses({ addresses }: BootAddresses): readonly BootFile[] {
  return addresses.map(({ address, prefix, broadcast, label }) => {
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
    return { path: `${folder}/ifcfg-${label}`, mode: 0o644, content: `${lines.join('\n')}\n` };
  });
}

export function ifcfgRoute({ interface: device, via, metric, source }: BootRoute): readonly BootFile[] {
  const words = [
    ...(source === null ? [] : [`src ${source}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
  ];
  const content = `# Written by gwfleet.\n${['default via', via, 'dev', device, ...words].join(' ')}\n`;
  return [{ path: `${folder}/route-${device}`, mode: 0o644, content }];
}
