/**
 * The cables of a lab as `ip -batch` lines. The switch (bridges `inside` and `outside`) is the lab's own network
 * namespace; every node has one more. MAC addresses follow from the address, so that a rebooted host keeps its own
 * and nobody's ARP table goes stale.
 */
import { type Interface, internetAddress, type Node } from './addressing.ts';

/** Run in the switch: the two bridges. */
export const switchLines: readonly string[] = [
  'link set lo up',
  ...['inside', 'outside'].flatMap((bridge) => [
    `link add ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${bridge} addrgenmode none`,
    `link set ${bridge} up`,
  ]),
];

/** Run in the switch: the node's namespace and its cables into the bridges. */
export function plugLines(node: Node): readonly string[] {
  return [`netns add ${node.name}`, ...cablesOf(node).flatMap((cable) => cableLines(node, cable))];
}

/** Run in the switch: pulls what plugLines made. The node's processes must be gone. */
export function unplugLines(node: Node): readonly string[] {
  return [...cablesOf(node).map((cable) => `link del ${portName(node, cable)}`), `netns del ${node.name}`];
}

/** Run in the node's namespace: addresses and routes of an untouched host. */
export function addressLines(node: Node): readonly string[] {
  return [
    'link set lo up',
    ...(node.role === 'internet' ? [`address add ${internetAddress}/32 dev lo`] : []),
    ...cablesOf(node).map(({ name }) => `link set ${name} addrgenmode none`),
    ...node.interfaces.map(({ name, address }) => `address add ${address} broadcast + dev ${name}`),
    ...cablesOf(node).map(({ name }) => `link set ${name} up`),
    ...(node.defaultRoute === undefined ? [] : [`route add default via ${node.defaultRoute}`]),
  ];
}

/** One for each interface name; the internet has two addresses on its one cable. */
function cablesOf(node: Node): readonly Interface[] {
  return node.interfaces.filter(({ name }, at, all) => all.findIndex((one) => one.name === name) === at);
}

function cableLines(node: Node, cable: Interface): readonly string[] {
  const port = portName(node, cable);
  return [
    `link add ${port} type veth peer name ${cable.name} address ${macOf(cable)} netns ${node.name}`,
    `link set ${port} addrgenmode none`,
    `link set ${port} master ${cable.bridge} up`,
  ];
}

function portName(node: Node, { name }: Interface): string {
  return `${node.name}-${name}`;
}

function macOf({ address }: Interface): string {
  const bytes = (address.split('/')[0] ?? '')
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return `02:00:${bytes.join(':')}`;
}
