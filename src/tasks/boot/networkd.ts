/**
 * systemd-networkd: drop-ins beside the owner's file. They are read at the next reload, restart or boot; gwfleet does
 * not reload, since a reload makes eth0 pause for some tenths of a second and the live state is right already.
 */
import { type Script, sh } from '../../shell/sh.ts';
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
  const path = `/etc/systemd/network/${name}.d/50-gwfleet-${what}.conf`;
  const content = `# Written by gwfleet.\n${sections.join('\n')}\n`;
  return { path, mode: 0o644, content, check: sh`${grammar} && ${analysis(path)}` };
}

/** A section, then known keys with one word each: holds where networkd itself cannot be asked, too. */
const grammar = sh`! grep -v -e '^#' -e '^\[\(Address\|Route\)\]$' -e '^\(Address\|Broadcast\|Gateway\|PreferredSource\)=[0-9][0-9./]*$' -e '^Label=[^ ]\{1,15\}$' -e '^\(Metric\|MTUBytes\)=[0-9]\{1,10\}$' -e '^$' "$gwfleet_new"`;

/**
 * What networkd says of the file, by itself: it has no dry run, so a second one reads all files in namespaces of its
 * own, where there is no interface, no bus and no state, and is ended when it has read them. It only warns about what
 * it does not understand and leaves it out; any word about our file keeps it out.
 */
function analysis(path: string): Script {
  return sh`{
gwfleet_root=$(mktemp -d) && chmod 755 "$gwfleet_root" && cp -a /etc/systemd/network "$gwfleet_root/network" && cp -p "$gwfleet_new" "$gwfleet_root"${path.replace('/etc/systemd', '')}
unshare -m -n sh -c ${secondNetworkd} networkd "$gwfleet_root" >"$gwfleet_root/said" 2>&1 </dev/null
! grep -F ${path} "$gwfleet_root/said"
gwfleet_code=$?
rm -rf "$gwfleet_root"
[ "$gwfleet_code" = 0 ]
}`;
}

const secondNetworkd = `
for program in /lib/systemd/systemd-networkd /usr/lib/systemd/systemd-networkd; do [ ! -x "$program" ] || break; done
mount --bind "$1/network" /etc/systemd/network || exit
for folder in /run/dbus /run/systemd/netif; do [ ! -d "$folder" ] || mount -t tmpfs -o mode=755 none "$folder" || exit; done
SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info "$program" >"$1/log" 2>&1 &
i=0
until grep -qs "Enumeration completed" "$1/log" || ! kill -0 $! 2>/dev/null || [ $i -ge 100 ]; do i=$((i+1)); sleep 0.05; done
kill $! 2>/dev/null; wait
cat "$1/log"
`;
