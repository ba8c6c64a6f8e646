/**
 * Weighted rendezvous hashing: what it costs a webserver to be with a gateway, from the two names. The cheapest
 * gateway is each one's with a chance in proportion to its weight (exponential races; Schindelhauer and Schomaker,
 * SPAA 2005). The costs are part of what the inventory means: a change of the hash moves webservers.
 */

interface Racer {
  readonly name: string;
  readonly weight: number;
}

/** By webserver, then gateway. Logarithms, so that one number added to all costs of a gateway acts like another weight. */
export function rendezvousCosts(webservers: readonly string[], gateways: readonly Racer[]): Float64Array {
  const costs = new Float64Array(webservers.length * gateways.length);
  let at = 0;
  for (const webserver of webservers) {
    const begun = continued(0x811c9dc5, `${webserver}\u0000`);
    for (const { name, weight } of gateways) {
      const uniform = (finished(continued(begun, name)) + 0.5) / 2 ** 32;
      costs[at] = weight <= 0 ? Number.MAX_SAFE_INTEGER : Math.log(-Math.log(uniform) / weight);
      at += 1;
    }
  }
  return costs;
}

/** FNV-1a over UTF-16 units. */
function continued(begun: number, text: string): number {
  let value = begun;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}

/** The finalizer of MurmurHash3, for the bits that FNV leaves alike. */
function finished(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
