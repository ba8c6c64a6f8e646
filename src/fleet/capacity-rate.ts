/**
 * New connections a second to one destination. A closed connection keeps its port until TIME_WAIT is over, on three
 * machines' counts: the webserver that closed it, the gateway's address, the gateway's table. Kernels from about 6.5 on
 * give the address's port to the next connection at once (measured on 6.18: 63,562 of 64,512 on an address full of
 * closed ones); older ones do not, which is why the task `conntrack` shortens the wait there.
 */
import { activeOf, type Carriers, gatewayCapacities, type Knob } from './capacity.ts';

export interface Rate {
  readonly perSecond: number;
  readonly knob: Knob;
}

export interface Rates {
  /** Gateways with a kernel from 6.5 on. */
  readonly newKernel: Rate;
  readonly oldKernel: Rate;
  /** What one webserver opens at most to one destination. */
  readonly perWebserver: number;
}

/** TCP_TIMEWAIT_LEN of the kernel of a webserver that closes first. */
export const webserverWaitSeconds = 60;

/** nf_conntrack_tcp_timeout_time_wait as it is, and as the task `conntrack` sets it on kernels before 6.5. */
export const tableWaitSeconds = { newKernel: 120, oldKernel: 30 } as const;

/** Connections that are over at once: those that live keep their ports for as long as they live besides. */
export function ratesOf(carriers: Carriers): Rates {
  const active = new Set(activeOf(carriers).map(({ name }) => name));
  const limits = gatewayCapacities(carriers).filter(({ name }) => active.has(name));
  const sum = (knob: Knob): number => limits.reduce((total, one) => total + one.limits[knob], 0);
  const count = limits.reduce((total, { webservers }) => total + webservers, 0);
  const perWebserver = Math.floor(carriers.portsPerWebserver / webserverWaitSeconds);
  const own = { perSecond: count * perWebserver, knob: 'webserver ports' } as const;
  const rate = (knob: Knob, seconds: number): Rate => ({ perSecond: Math.floor(sum(knob) / seconds), knob });
  const { newKernel, oldKernel } = tableWaitSeconds;
  const known = count > 0 ? [own] : [];
  return {
    newKernel: slowest([...known, rate('conntrack', newKernel)]),
    oldKernel: slowest([...known, rate('pool ports', oldKernel), rate('conntrack', oldKernel)]),
    perWebserver,
  };
}

function slowest(rates: readonly Rate[]): Rate {
  return rates.reduce((low, one) => (one.perSecond < low.perSecond ? one : low));
}
