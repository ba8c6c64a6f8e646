/**
 * netplan, with either renderer: a file of its own, since lists of several files are joined. One bad line loses the
 * whole network at the next boot, so `netplan generate --root-dir` reads it first. NetworkManager takes no labels.
 */
import { parseAddress } from '../../address/ipv4.ts';
import { sh } from '../../shell/sh.ts';
import type { BootFile } from '../task-type.ts';
import type { Claim } from './boot-facts.ts';
import type { BootAddresses, BootRoute } from './network.ts';

export function netplanAddresses(
  renderer: Claim['renderer'],
  { interface: device, addresses }: BootAddresses,
): readonly BootFile[] {
  if (addresses.length === 0) return [];
  // Without labels there are no numbers to go by, and the file must be the same however the addresses came back.
  const inOrder =
    renderer === 'networkd'
      ? addresses
      : addresses.toSorted((one, two) => (parseAddress(one.address) ?? 0) - (parseAddress(two.address) ?? 0));
  const entries = inOrder.flatMap(({ address, prefix, label }) =>
    renderer === 'networkd'
      ? [`        - "${address}/${prefix}":`, `            label: "${label}"`]
      : [`        - "${address}/${prefix}"`],
  );
  return [netplanFile('aliases', device, ['      addresses:', ...entries])];
}

/** `0.0.0.0/0`: netplan 0.101 does not know the word `default`. */
export function netplanRoute({
  interface: device,
  via,
  metric,
  source,
  mtu,
}: BootRoute): readonly BootFile[] {
  const lines = [
    '      routes:',
    '        - to: "0.0.0.0/0"',
    `          via: "${via}"`,
    ...(metric === 0 ? [] : [`          metric: ${metric}`]),
    ...(source === null ? [] : [`          from: "${source}"`]),
    ...(mtu === null ? [] : [`          mtu: ${mtu}`]),
  ];
  return [netplanFile('default-route', device, lines)];
}

function netplanFile(what: string, device: string, lines: readonly string[]): BootFile {
  const path = `/etc/netplan/90-gwfleet-${what}-${device}.yaml`;
  const head = [
    '# Written by gwfleet.',
    'network:',
    '  version: 2',
    `  ${sectionOf(device)}:`,
    `    "${device}":`,
  ];
  return {
    path,
    mode: 0o600,
    content: `${[...head, ...lines].join('\n')}\n`,
    check: sh`gwfleet_root=$(mktemp -d) && mkdir -p "$gwfleet_root/etc" && cp -a /etc/netplan "$gwfleet_root/etc/" && rm -f "$gwfleet_root"/etc/netplan/*.gwfleet-new && cp -p "$gwfleet_new" "$gwfleet_root"${path} && netplan generate --root-dir "$gwfleet_root"; gwfleet_code=$?; rm -rf "$gwfleet_root"; [ "$gwfleet_code" = 0 ]`,
  };
}

/** netplan sorts interfaces by kind; the usual names tell it. */
function sectionOf(device: string): string {
  if (/^bond\d/.test(device)) return 'bonds';
  if (/^(?:br|bridge)-?\d/.test(device)) return 'bridges';
  return /^vlan\d|\.\d+$/.test(device) ? 'vlans' : 'ethernets';
}
