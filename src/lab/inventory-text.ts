/**
 * The inventory of a lab, as a person would write it. For the default lab this is `inventories/lab.yaml`, byte for
 * byte. `gwfleet_lab` is what lets gwfleet find its way into the controller's namespace (`reentry.ts`).
 */
import { type Gateway, insideAddress, type Layout, type Node } from './addressing.ts';
import { stateFolder } from './state.ts';

export function inventoryText(name: string, layout: Layout): string {
  const folder = stateFolder(name);
  return `${[
    `# The fleet of \`gwfleet lab up${options(name, layout)}\`: hosts on this machine, real sshd, real netfilter.`,
    'all:',
    '  vars:',
    `    gwfleet_lab: ${name}`,
    '    ansible_user: root',
    `    ansible_ssh_private_key_file: ${folder}/id_ed25519`,
    '    ansible_ssh_common_args: >-',
    `      -o UserKnownHostsFile=${folder}/known_hosts -o StrictHostKeyChecking=yes`,
    '  children:',
    '    gateways:',
    '      hosts:',
    ...layout.gateways.map(gatewayLine),
    '    webservers:',
    ...(layout.webservers.length === 0 ? [] : ['      hosts:']),
    ...layout.webservers.map(webserverLine),
  ].join('\n')}\n`;
}

function options(name: string, { gateways, webservers }: Layout): string {
  if (name === 'default' && gateways.length === 2 && webservers.length === 4) return '';
  const named = name === 'default' ? '' : ` --name ${name}`;
  return ` --gateways ${gateways.length} --webservers ${webservers.length}${named}`;
}

function gatewayLine(gateway: Gateway): string {
  return `        ${gateway.name}: { ansible_host: ${insideAddress(gateway)}, snat_pool: ${gateway.pool.join('-')} }`;
}

function webserverLine(node: Node): string {
  return `        ${node.name}: { ansible_host: ${insideAddress(node)} }`;
}
