/**
 * Which host of a lab has which address. Pure arithmetic: the same sizes give the same fleet, so `inventories/lab.yaml`
 * can be a file in the repository. Inside everything is one /8, as in the fleets that gwfleet is for; outside there
 * are only the documentation networks of RFC 5737.
 */
import { formatAddress, parseAddress } from '../address/ipv4.ts';

/** What the outside world answers on, and from. It has no route back to 10.0.0.0/8. */
export const internetAddress = '198.51.100.7';
export const controllerAddress = '10.0.255.1';

/** 24 gateways fit into a /24 with ten addresses each; behind 203.0.113.0/24 comes 192.0.2.0/24. */
export const mostGateways = 48;
/** A Linux bridge takes 1024 ports; controller and some air are taken off. */
export const mostHosts = 1000;

const poolSize = 6;
const outsideNetworks = ['203.0.113.0', '192.0.2.0'] as const;

export interface Sizes {
  readonly gateways: number;
  readonly webservers: number;
}

export interface Interface {
  readonly name: 'eth0' | 'eth1';
  readonly bridge: 'inside' | 'outside';
  /** With prefix length: `10.0.0.1/8`. */
  readonly address: string;
}

/** One namespace with an address: a machine of the fleet, the controller, or the internet. */
export interface Node {
  readonly name: string;
  readonly role: 'gateway' | 'webserver' | 'controller' | 'internet';
  readonly interfaces: readonly Interface[];
  readonly defaultRoute?: string;
}

export interface Gateway extends Node {
  readonly role: 'gateway';
  /** First and last address of the pool; the first is the primary of eth1. */
  readonly pool: readonly [first: string, last: string];
}

export interface Layout {
  readonly gateways: readonly Gateway[];
  readonly webservers: readonly Node[];
  readonly controller: Node;
  readonly internet: Node;
}

/** The fleet of these sizes. `webserverRoute` is a gateway's name: the default route webservers are born with. */
export function layoutOf(sizes: Sizes, webserverRoute?: string): Layout {
  const gateways = Array.from({ length: sizes.gateways }, (_, index) => gatewayOf(index));
  const via = gateways.find(({ name }) => name === webserverRoute);
  const route = via === undefined ? {} : { defaultRoute: insideAddress(via) };
  const width = Math.max(2, String(sizes.webservers).length);
  return {
    gateways,
    webservers: Array.from({ length: sizes.webservers }, (_, index) => ({
      name: `web${String(index + 1).padStart(width, '0')}`,
      role: 'webserver',
      interfaces: [inside(`10.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`)],
      ...route,
    })),
    controller: { name: 'controller', role: 'controller', interfaces: [inside(controllerAddress)] },
    internet: {
      name: 'internet',
      role: 'internet',
      interfaces: outsideNetworks.map((network) => outside(offset(network, 1))),
    },
  };
}

/** Why no lab of these sizes can be, or undefined. */
export function sizeProblem({ gateways, webservers }: Sizes): string | undefined {
  if (gateways < 1) return 'a lab needs at least one gateway';
  if (gateways > mostGateways)
    return `a lab has addresses for ${mostGateways} gateways, not for ${gateways}: 203.0.113.0/24 and 192.0.2.0/24 hold 24 pools each`;
  if (gateways + webservers > mostHosts)
    return `a lab has room for ${mostHosts} hosts, not for ${gateways + webservers}`;
  return undefined;
}

/** The machines that are reached by ssh. */
export function machinesOf(layout: Layout): readonly Node[] {
  return [...layout.gateways, ...layout.webservers];
}

/** The address of eth0 without its prefix length. */
export function insideAddress(node: Node): string {
  return node.interfaces[0]?.address.split('/')[0] ?? '';
}

function gatewayOf(index: number): Gateway {
  const network = outsideNetworks[index < 24 ? 0 : 1];
  const first = offset(network, 10 * (1 + (index % 24)));
  return {
    name: `gw${index + 1}`,
    role: 'gateway',
    interfaces: [inside(`10.0.0.${index + 1}`), outside(first)],
    defaultRoute: offset(network, 1),
    pool: [first, offset(first, poolSize - 1)],
  };
}

function inside(address: string): Interface {
  return { name: 'eth0', bridge: 'inside', address: `${address}/8` };
}

function outside(address: string): Interface {
  return { name: 'eth1', bridge: 'outside', address: `${address}/24` };
}

function offset(address: string, by: number): string {
  return formatAddress((parseAddress(address) ?? 0) + by);
}
