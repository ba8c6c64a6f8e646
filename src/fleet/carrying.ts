/**
 * How many connections to one destination a pool carries, by the way in which connections choose an address. The
 * fills are measured on Linux 6.18 with 20 webservers and six addresses (the table is in the README): up to them
 * nothing was refused. What a reader gets wrong: a full pool is not the limit of the 2007 recipe, the kernel's choice is.
 */
import { portsPerAddress } from '../address/pool-size.ts';

/** Ports that a Linux client has to one destination as it is delivered: 32768 to 60999. */
export const portsPerWebserver = 28_232;

/** Above this fill `status` warns; capacity is planned so that peaks stay below. */
export const alarmFill = 0.7;

/** At this fill a pool is full: the kernel begins to give up looking for a free port. */
export const fullFill = 0.8;

/** What is left of a pool before the first connection is refused. */
export interface Pool {
  readonly addresses: number;
  readonly spread: string;
}

const firstRefusals: Readonly<Record<string, number>> = {
  connection: fullFill,
  hash: 0.6,
  client: 0.4,
  range: 0.29,
};

/** One address leaves the kernel no wrong one to choose: what is left are collisions of ports that are kept. */
const firstRefusalOfOne = 0.5;

export function usableFill({ addresses, spread }: Pool): number {
  if (spread === 'connection') return fullFill;
  return addresses === 1 ? firstRefusalOfOne : (firstRefusals[spread] ?? fullFill);
}

/** Connections to one destination before the first is refused. */
export function usablePorts(pool: Pool): number {
  return Math.floor(pool.addresses * portsPerAddress * usableFill(pool));
}

/** Webservers that a pool carries at worst: when each opens every port it has to one and the same destination. */
export function carriedWebservers(pool: Pool): number {
  return Math.floor(usablePorts(pool) / portsPerWebserver);
}

/** Addresses for so many connections to one destination, none of them filled beyond `fill`. */
export function neededAddresses(connections: number, spread: string, fill: number): number {
  const share = Math.min(fill, usableFill({ addresses: 2, spread }));
  return Math.ceil(connections / (portsPerAddress * share));
}
