/**
 * New connections a second to one destination. A closed connection keeps its port until TIME_WAIT is over, on three
 * machines' counts: the webserver that closed it, the gateway's address, the gateway's table. Kernels from about 6.5 on
 * give the address's port to the next connection at once (measured on 6.18: 63,562 of 64,512 on an address full of
 * closed ones), so a table with room for every port of the pool never fills towards one destination; older ones do
 * not, which is why the task `conntrack` shortens the wait there.
 */
import { portsPerAddress } from '../address/pool-size.ts';
import { activeOf, type Carriers, type GatewayCapacity, gatewayCapacities, type Knob } from './capacity.ts';

export interface Rate {
  readonly perSecond: number;
  /** What limits most of the gateways. */
  readonly knob: Knob;
}

export interface Rates {
  /** Gateways with a kernel from 6.5 on. */
  readonly newKernel: Rate;
  readonly oldKernel: Rate;
  /** What one webserver opens at most to one destination. */
  readonly perWebserver: number;
  /** From so many on closed connections hold all ports of new kernels: two of a hundred then need a second try. */
  readonly crowdedFrom: number;
}

/** TCP_TIMEWAIT_LEN of the kernel of a webserver that closes first. */
export const webserverWaitSeconds = 60;

/** nf_conntrack_tcp_timeout_time_wait as it is, and as the task `conntrack` sets it on kernels before 6.5. */
export const tableWaitSeconds = { newKernel: 120, oldKernel: 30 } as const;

/** Connections that are over at once: those that live keep their ports for as long as they live besides. */
export function ratesOf(carriers: Carriers): Rates {
  const active = new Set(activeOf(carriers).map(({ name }) => name));
  const gateways = gatewayCapacities(carriers).filter(({ name }) => active.has(name));
  const perWebserver = Math.floor(carriers.portsPerWebserver / webserverWaitSeconds);
  const known = gateways.some(({ webservers }) => webservers > 0);
  const own = ({ webservers }: GatewayCapacity): readonly Rate[] =>
    known ? [{ perSecond: webservers * perWebserver, knob: 'webserver ports' }] : [];
  const ports = gateways.reduce((sum, { addresses }) => sum + addresses * portsPerAddress, 0);
  return {
    newKernel: together(gateways.map((one) => slowest([...own(one), ...reused(one, known)]))),
    oldKernel: together(gateways.map((one) => slowest([...own(one), ...waited(one)]))),
    perWebserver,
    crowdedFrom: Math.floor(ports / tableWaitSeconds.newKernel),
  };
}

/** Only a table that memory keeps smaller than the pool limits; an inventory without webservers has its ports. */
function reused({ addresses, limits }: GatewayCapacity, known: boolean): readonly Rate[] {
  const seconds = tableWaitSeconds.newKernel;
  const ports = addresses * portsPerAddress;
  if (limits.conntrack < ports) return [{ perSecond: limits.conntrack / seconds, knob: 'conntrack' }];
  return known ? [] : [{ perSecond: ports / seconds, knob: 'pool ports' }];
}

function waited({ limits }: GatewayCapacity): readonly Rate[] {
  const seconds = tableWaitSeconds.oldKernel;
  return (['pool ports', 'conntrack'] as const).map((knob) => ({ perSecond: limits[knob] / seconds, knob }));
}

function slowest(rates: readonly Rate[]): Rate {
  return rates.reduce((low, one) => (one.perSecond < low.perSecond ? one : low));
}

function together(rates: readonly Rate[]): Rate {
  const counts = new Map<Knob, number>();
  for (const { knob } of rates) counts.set(knob, (counts.get(knob) ?? 0) + 1);
  const often = (knob: Knob): number => counts.get(knob) ?? 0;
  const [usual] = rates.toSorted((a, b) => often(b.knob) - often(a.knob));
  const perSecond = rates.reduce((sum, one) => sum + one.perSecond, 0);
  return { perSecond: Math.floor(perSecond + 1e-9), knob: usual?.knob ?? 'pool ports' };
}
