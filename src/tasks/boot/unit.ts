/**
 * Units of our own, where nobody owns an interface or the owner cannot say it. systemd is "after the network" before
 * networkd has configured anything, so the script waits by itself for the interface's own address.
 */
import { type Script, sh } from '../../shell/sh.ts';
import type { BootFile } from '../task-type.ts';
import { addressCommands, type BootAddresses, type BootRoute, routeCommand } from './network.ts';

export interface Unit {
  /** `gwfleet-aliases-eth1`. */
  readonly name: string;
  readonly description: string;
  /** Lines of the section [Unit], besides the description. */
  readonly order: readonly string[];
  readonly wantedBy: 'multi-user.target' | 'sysinit.target';
  readonly script: string;
  /** Whether the staged script may take its place; else its syntax alone. */
  readonly check?: Script;
}

/** The script, the unit, and the link that enables it. */
export function unitFiles({ name, description, order, wantedBy, script, check }: Unit): readonly BootFile[] {
  const program = `/etc/gwfleet/${name.replace(/^gwfleet-/, '')}`;
  const unit = `# Written by gwfleet.
[Unit]
Description=${description}
${order.join('\n')}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${program}

[Install]
WantedBy=${wantedBy}
`;
  const path = `/etc/systemd/system/${name}.service`;
  return [
    { path: program, mode: 0o755, content: script, check: check ?? sh`sh -n "$gwfleet_new"` },
    { path, mode: 0o644, content: unit },
    { path: `/etc/systemd/system/${wantedBy}.wants/${name}.service`, mode: 0o644, content: unit, link: path },
  ];
}

export function addressUnit(wanted: BootAddresses): readonly BootFile[] {
  const { interface: device } = wanted;
  if (wanted.addresses.length === 0) return [];
  return unitFiles({
    ...late,
    name: `gwfleet-aliases-${device}`,
    description: `gwfleet: aliases of ${device}`,
    script:
      late.head(device) +
      addressCommands(wanted)
        .map((line) => `${line}\n`)
        .join(''),
  });
}

export function routeUnit(wanted: BootRoute): readonly BootFile[] {
  const { interface: device } = wanted;
  return unitFiles({
    ...late,
    name: `gwfleet-default-route-${device}`,
    description: `gwfleet: default route by ${device}`,
    script: `${late.head(device)}${contested(wanted)}${routeCommand(wanted)}\n`,
  });
}

/** The owner may set its own default route a moment after the address: wait a little for it, then replace it. */
function contested({ interface: device, metric }: BootRoute): string {
  const words = sh`ip -4 route show default dev ${device}${metric === 0 ? sh`` : sh` metric ${metric}`}`.text;
  return `i=0; until ${words} | grep -q .; do i=$((i+1)); [ $i -gt 30 ] && break; sleep 0.1; done\n`;
}

const late = {
  order: [
    'After=network.target networking.service systemd-networkd.service NetworkManager.service',
    'Wants=network.target',
    'Before=network-online.target',
  ],
  wantedBy: 'multi-user.target' as const,
  head: (device: string): string => `#!/bin/sh
# Written by gwfleet.
i=0
until ip -4 -o addr show dev ${sh`${device}`.text} 2>/dev/null | grep -q .; do
  i=$((i+1)); [ $i -gt 300 ] && exit 1; sleep 0.1
done
`,
};
