/**
 * What a host of a lab is, as text that can be compared: rules, addresses, routes, kernel settings, files. Counters,
 * time stamps and what the kernel counts by itself are left out; everything else must not move when nothing is done.
 */
import { execFileSync } from 'node:child_process';
import { findLab } from '../../src/lab/state.ts';
import type { Fleet } from './fleet.ts';

const look = `
echo "# rules"; iptables-save | sed -e '/^#/d' -e 's/\\[[0-9]*:[0-9]*\\]//'
echo "# legacy rules"; iptables-legacy-save 2>/dev/null | sed -e '/^#/d' -e 's/\\[[0-9]*:[0-9]*\\]//'
echo "# addresses"; ip address | sed 's/valid_lft.*//'
echo "# routes"; ip route show table all; ip rule
echo "# settings"; cd /proc/sys/net && grep -rs . ipv4 netfilter | grep -v -e nf_conntrack_count -e tcp_fastopen_key | sort
echo "# run"; find /run -type f -printf '%p %s %T@\\n' | sort
`;

/** Everything in one text. */
export async function hostState(lab: Fleet, host: string): Promise<string> {
  return `${ownFiles(lab, host)}${await lab.run(host, look)}`;
}

/** What the host has ever written to its disk: the upper layer, seen from the lab. The lower one is the machine's own. */
function ownFiles(lab: Fleet, host: string): string {
  const pid = findLab(lab.name)?.pid ?? 0;
  const disk = `${lab.folder}/disk/${host}`;
  const find = ['find', `${disk}/upper`, `${disk}/root`, `${disk}/gwfleet`, '-type', 'f'];
  const args = ['--target', String(pid), '--mount', '--', ...find, '-printf', '%p %m %s %T@\\n'];
  const found = execFileSync('nsenter', args, { encoding: 'utf8' }).split('\n');
  return `# files\n${found
    .filter((line) => !line.includes('/var/log/'))
    .toSorted()
    .join('\n')}\n`;
}

export async function hostStates(
  lab: Fleet,
  hosts: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const states = await Promise.all(hosts.map(async (host) => [host, await hostState(lab, host)] as const));
  return Object.fromEntries(states);
}

/** `gw1`, `gw2` ... and `web01`, `web02` ..., as the lab names them. */
export function hostNames({ gateways, webservers }: { gateways: number; webservers: number }): {
  readonly gateways: readonly string[];
  readonly webservers: readonly string[];
  readonly all: readonly string[];
} {
  const names = {
    gateways: Array.from({ length: gateways }, (_, i) => `gw${i + 1}`),
    webservers: Array.from({ length: webservers }, (_, i) => `web${String(i + 1).padStart(2, '0')}`),
  };
  return { ...names, all: [...names.gateways, ...names.webservers] };
}

/** What is there for a restart. */
export async function bootFiles(
  lab: Fleet,
  hosts: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const find =
    'find /etc -type f -name "*gwfleet*" 2>/dev/null | sort | while read -r f; do echo "## $f"; cat "$f"; done';
  const texts = await Promise.all(hosts.map(async (host) => [host, await lab.run(host, find)] as const));
  return Object.fromEntries(texts);
}
