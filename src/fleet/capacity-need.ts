/**
 * "N webservers with M connections each to one destination: how many addresses, how many gateways?" Planned so that
 * the peak stays below the alarm of `status`. A webserver is never split: it leaves through one gateway.
 */
import { memoryForEntries, portsPerAddress, tableEntries } from '../address/pool-size.ts';
import { tableWaitSeconds, webserverWaitSeconds } from './capacity-rate.ts';
import { alarmFill, type Pool, portsPerWebserver, usableFill } from './carrying.ts';

export interface Wish {
  readonly webservers: number;
  /** At once, of each webserver, to the busiest destination. */
  readonly connections: number;
  /** New ones a second, of each webserver, to it. */
  readonly rate: number;
  /** How big a gateway is: its addresses. */
  readonly addressesPerGateway: number;
  readonly spread: string;
  /** The active gateways that are there, for whether they would do. */
  readonly present: readonly Pool[];
}

export interface Need {
  readonly wish: Wish;
  /** Ports in use at once, all webservers; on old kernels with those of closed connections. */
  readonly ports: number;
  readonly fill: number;
  readonly portsPerAddress: number;
  readonly addresses: number;
  /** Webservers that one gateway of this size carries; 0: not even one. */
  readonly webserversPerGateway: number;
  /** Such webservers that the gateways of the inventory carry. */
  readonly carriedNow: number;
  /** Gateways of this size; null when one cannot carry a single webserver. */
  readonly gateways: number | null;
  /** Entries that each gateway's table needs, and the memory for it. */
  readonly entries: number;
  readonly memoryBytes: number;
  /** Ports that each webserver needs of its own, and has as Linux comes. */
  readonly ownPorts: number;
  readonly ownPortsFit: boolean;
  /** No setting helps: one address has not so many ports to one destination. */
  readonly impossible: boolean;
}

/** What a wish needs on gateways whose kernel is from 6.5 on, or older. */
export function needOf(wish: Wish, kernel: 'newKernel' | 'oldKernel'): Need {
  const { webservers, connections, rate, spread, addressesPerGateway: size } = wish;
  const waiting = kernel === 'oldKernel' ? rate * tableWaitSeconds.oldKernel : 0;
  const each = connections + waiting;
  const fill = plannedFill({ addresses: Math.max(2, size), spread });
  const perAddress = portsPerAddress * fill;
  const carried = (pool: Pool): number =>
    each === 0 ? webservers : Math.floor((pool.addresses * portsPerAddress * plannedFill(pool)) / each);
  const perGateway = carried({ addresses: size, spread });
  const gateways = perGateway === 0 ? null : Math.ceil(webservers / perGateway);
  const entries = entriesNeeded(wish, kernel, Math.min(perGateway, webservers));
  const ownPorts = connections + rate * webserverWaitSeconds;
  return {
    wish,
    ports: webservers * each,
    fill,
    portsPerAddress: Math.floor(perAddress),
    addresses: Math.ceil((webservers * each) / perAddress),
    webserversPerGateway: perGateway,
    carriedNow: wish.present.reduce((sum, pool) => sum + carried(pool), 0),
    gateways,
    entries,
    memoryBytes: memoryForEntries(entries),
    ownPorts,
    ownPortsFit: ownPorts <= portsPerWebserver,
    impossible: connections > portsPerAddress,
  };
}

function plannedFill(pool: Pool): number {
  return Math.min(alarmFill, usableFill(pool));
}

/** The table holds closed connections also where their ports are taken over. */
function entriesNeeded(
  { connections, rate, addressesPerGateway }: Wish,
  kernel: keyof typeof tableWaitSeconds,
  webservers: number,
): number {
  const held = webservers * (connections + rate * tableWaitSeconds[kernel]);
  return Math.max(tableEntries(addressesPerGateway), 2 ** Math.ceil(Math.log2(Math.max(1, held))));
}
