/**
 * How many webservers a pool carries at worst: when each opens every port it has to one and the same destination.
 * Measured: a gateway with `spread: connection` begins to refuse new connections above 80 % of 64,512 ports per
 * address; a Linux client has 28,232 ports (32768-60999).
 */

export const portsPerAddress = 64_512;
export const portsPerWebserver = 28_232;

/** Below this fill nothing is refused, and a little above it something is. */
export const fullFill = 0.8;

export function carriedWebservers(addresses: number): number {
  return Math.floor((addresses * portsPerAddress * fullFill) / portsPerWebserver);
}

/** Addresses that a pool needs for so many webservers at worst. */
export function neededAddresses(webservers: number): number {
  return Math.ceil((webservers * portsPerWebserver) / (portsPerAddress * fullFill));
}
