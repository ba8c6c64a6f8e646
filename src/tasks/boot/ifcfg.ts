/**
 * RHEL-style ifcfg files, as the fleet of 2007 had them: one file an alias (`ifcfg-eth1:0`), and the default route as
 * route-eth0. No such machine is at hand in the tests: the texts are held fast by golden tests.
 */
import { sh } from '../../shell/sh.ts';
import type { BootFile, BootSetting } from '../task-type.ts';
import type { BootFacts } from './boot-facts.ts';
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

/** A route-eth0 of somebody else may hold more routes than this one: it is left alone, and said. */
export function ifcfgRoute({ interface: device, via, metric, source }: BootRoute): readonly BootFile[] {
  const words = [
    ...(source === null ? [] : [`src ${source}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
  ];
  const content = `# Written by gwfleet.\n${['default via', via, 'dev', device, ...words].join(' ')}\n`;
  const where = `${folder}/route-${device}`;
  const said = `${where} is not of gwfleet; move its routes elsewhere, then apply again`;
  const check = sh`[ ! -e ${where} ] || grep -q '^# Written by gwfleet' ${where} || { echo ${said}; false; }`;
  return [{ path: where, mode: 0o644, content, check }];
}

export function ifcfgRouteGone(
  { interface: device }: BootRoute,
  { files }: BootFacts,
): readonly BootSetting[] {
  const where = `${folder}/route-${device}`;
  if (!files.some(({ path: there }) => there === where)) return [];
  const write = sh`! grep -q '^# Written by gwfleet' ${where} || rm -f ${where} || return 1`;
  return [{ name: where, to: 'no default route', write }];
}
