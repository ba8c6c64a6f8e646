/**
 * The text files of a lab: what the hosts have in /etc that is theirs and not the machine's, and what the scripts read.
 * `template/` is a layer above the machine's root and below each host's own disk.
 */
import { insideAddress, type Layout, machinesOf, type Node } from './addressing.ts';
import { addressLines, plugLines, switchLines, unplugLines } from './links.ts';
import { hostScript, initScript, internetScript, setupScript, startScript } from './scripts.ts';

/** Path below the lab's folder -> text. */
export function labFiles(layout: Layout): ReadonlyMap<string, string> {
  const nodes = [...machinesOf(layout), layout.controller, layout.internet];
  return new Map([
    ['init.sh', initScript.text],
    ['setup.sh', setupScript.text],
    ['internet.sh', internetScript.text],
    ['start.sh', startScript.text],
    ['host.sh', hostScript.text],
    ['machines', lines(machinesOf(layout).map(({ name }) => name))],
    ['net/switch', lines(switchLines)],
    ['net/plugs', lines(nodes.flatMap(plugLines))],
    ...nodes.map((node) => [`net/${node.name}`, lines(addressLines(node))] as const),
    ...machinesOf(layout).flatMap(replugFiles),
    ['template/etc/ssh/sshd_config', sshdConfig],
    ['template/etc/hosts', hostsFile(layout)],
    ['template/etc/resolv.conf', '# a host of a lab has no name server\n'],
  ]);
}

/** Lines for known_hosts from the hosts' public keys. */
export function knownHosts(keys: readonly { readonly node: Node; readonly publicKey: string }[]): string {
  return lines(
    keys.map(({ node, publicKey }) => {
      const [type = '', key = ''] = publicKey.split(' ');
      return `${node.name},${insideAddress(node)} ${type} ${key}`;
    }),
  );
}

/** For people: `ssh -F FOLDER/ssh_config gw1` inside the controller's namespace. */
export function sshConfig(folder: string, layout: Layout): string {
  return lines([
    ...machinesOf(layout).flatMap((node) => [`Host ${node.name}`, `  HostName ${insideAddress(node)}`]),
    'Host *',
    '  User root',
    `  IdentityFile ${folder}/id_ed25519`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${folder}/known_hosts`,
    '  StrictHostKeyChecking yes',
  ]);
}

const sshdConfig = `Port 22
AddressFamily inet
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd.pid
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
AllowAgentForwarding yes
AllowTcpForwarding yes
PrintMotd no
Subsystem sftp internal-sftp
`;

function replugFiles(node: Node): readonly (readonly [string, string])[] {
  return [
    [`net/${node.name}.unplug`, lines(unplugLines(node))],
    [`net/${node.name}.plug`, lines(plugLines(node))],
  ];
}

function hostsFile(layout: Layout): string {
  return lines([
    '127.0.0.1 localhost',
    ...[...machinesOf(layout), layout.controller].map((node) => `${insideAddress(node)} ${node.name}`),
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
