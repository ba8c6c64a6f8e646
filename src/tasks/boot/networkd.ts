/**
 * systemd-networkd: drop-ins beside the owner's file. They are read at the next reload, restart or boot; gwfleet does
 * not reload, since a reload makes eth0 pause for some tenths of a second and the live state is right already.
 */
import { sh } from '../../shell/sh.ts';
import type { BootFile } from '../task-type.ts';
import type { BootAddresses, BootRoute } from './network.ts';

export function networkdAddresses(
  networkFile: string,
  { interface: device, addresses }: BootAddresses,
): readonly BootFile[] {
  if (addresses.length === 0) return [];
  const sections = addresses.map(({ address, prefix, broadcast, label }) =>
    [
      '[Address]',
      `Address=${address}/${prefix}`,
      ...(broadcast === null ? [] : [`Broadcast=${broadcast}`]),
      `Label=${label}`,
    ].join('\n'),
  );
  return [dropIn(networkFile, `aliases-${device}`, sections)];
}

export function networkdRoute(
  networkFile: string,
  { interface: device, via, metric, source, mtu }: BootRoute,
): readonly BootFile[] {
  const lines = [
    '[Route]',
    `Gateway=${via}`,
    ...(metric === 0 ? [] : [`Metric=${metric}`]),
    ...(source === null ? [] : [`PreferredSource=${source}`]),
    ...(mtu === null ? [] : [`MTUBytes=${mtu}`]),
  ];
  return [dropIn(networkFile, `default-route-${device}`, [lines.join('\n')])];
}

function dropIn(networkFile: string, what: string, sections: readonly string[]): BootFile {
  const name = networkFile.slice(networkFile.lastIndexOf('/') + 1);
  return {
    path: `/etc/systemd/network/${name}.d/50-gwfleet-${what}.conf`,
    mode: 0o644,
    content: `# Written by gwfleet.\n${sections.join('\n')}\n`,
    check: networkdCheck,
  };
}

/**
 * networkd has no dry run, so each line is held against its grammar: a section, then known keys with one word.
 */
const networkdCheck = sh`! grep -v -e '^#' -e '^\[\(Address\|Route\)\]$' -e '^\(Address\|Broadcast\|Gateway\|PreferredSource\)=[0-9][0-9./]*$' -e '^Label=[^ ]\{1,15\}$' -e '^\(Metric\|MTUBytes\)=[0-9]\{1,10\}$' -e '^$' "$gwfleet_new"`;
