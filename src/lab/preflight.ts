/**
 * Can this machine run a lab? All that is missing at once, in words that say what to do. The kernel is asked by
 * making the real things in throw-away namespaces, not by reading its configuration.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Script, sh } from '../shell/sh.ts';

const packages = {
  ip: 'iproute2',
  iptables: 'iptables',
  conntrack: 'conntrack',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
  ssh: 'openssh-client',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  setpriv: 'util-linux',
  xargs: 'findutils',
} as const;

/** Debian keeps half of these in sbin, which a user's PATH may lack. */
export const labPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What is missing, one sentence each; empty when a lab can run. The last one is the line to type, if one helps. */
export function missingForLab(path = labPath): readonly string[] {
  if (process.platform !== 'linux')
    return [`a lab needs Linux (network namespaces, netfilter), this is ${process.platform}`];
  const tools = Object.keys(packages).filter((tool) => !isInstalled(tool, path)) as (keyof typeof packages)[];
  const asRoot = process.getuid?.() === 0;
  return [
    ...(asRoot ? [] : ['a lab needs root (it makes namespaces and bridges)']),
    ...tools.map((tool) => `${tool} is not installed (package ${packages[tool]})`),
    ...(asRoot && tools.length === 0 ? kernelGaps() : []),
    ...(tools.length === 0 ? [] : [aptLine(tools)]),
  ];
}

function aptLine(tools: readonly (keyof typeof packages)[]): string {
  return `on Debian: apt-get install --no-install-recommends ${[...new Set(tools.map((tool) => packages[tool]))].join(' ')}`;
}

function isInstalled(tool: string, path: string): boolean {
  return path.split(':').some((folder) => existsSync(`${folder}/${tool}`));
}

const kernelProbe: Script = sh`ip link add gwl0 type veth peer name gwl1 || echo "the kernel has no veth"
ip link add gwl2 type bridge || echo "the kernel has no bridge"
iptables -w -t nat -S > /dev/null || echo "iptables cannot reach netfilter"
mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/m &&
  mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/m ||
  echo "the kernel mounts no overlay above this root file system"`;

function kernelGaps(): readonly string[] {
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', 'sh', '-c', kernelProbe.text],
    { encoding: 'utf8', env: { PATH: labPath } },
  );
  if (status === null || (status !== 0 && stdout === ''))
    return [`this machine makes no namespaces: ${stderr.trim()}`];
  const gaps = stdout.split('\n').filter((line) => line !== '');
  return gaps.length === 0 ? [] : [...gaps, `the kernel says: ${stderr.trim().replaceAll('\n', '; ')}`];
}
