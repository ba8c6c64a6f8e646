/**
 * Weighted rendezvous hashing: what it costs a webserver to be with a gateway, from the two names. The cheapest
 * gateway is each one's with a chance in proportion to its weight (exponential races; Schindelhauer and Schomaker,
 * SPAA 2005). The costs are part of what the inventory means: a change of the hash moves webservers.
 */

/** The logarithm, so that one number added to all costs of a gateway acts like another weight. */
export function rendezvousCost(webserver: string, gateway: { name: string; weight: number }): number {
  if (gateway.weight <= 0) return Number.MAX_SAFE_INTEGER;
  const uniform = (hash(`${webserver}\u0000${gateway.name}`) + 0.5) / 2 ** 32;
  return Math.log(-Math.log(uniform) / gateway.weight);
}

/** FNV-1a over UTF-16 units, then the finalizer of MurmurHash3 for the bits that FNV leaves alike. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
