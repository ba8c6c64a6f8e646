/**
 * Weighted rendezvous hashing: what it costs a webserver to be with a gateway, from the two names. The cheapest
 * gateway is each one's with a chance in proportion to its weight (exponential races; Schindelhauer and Schomaker,
 * SPAA 2005). The costs are part of what the inventory means: a change of the hash moves webservers.
 *
 * Hot: 100,000 hosts with 9,000 gateways are 800 million pairs. A cost is a logarithm of a logarithm, so a pair is
 * first judged by its bare hash, and neighbours in the order of names share the hash of what they begin with.
 */

export interface Racer {
  readonly name: string;
  /** Nobody goes to a gateway of no weight. */
  readonly weight: number;
}

/** The gateways that each webserver likes well enough, row by row, in the order of the gateways. */
export interface Likings {
  /** Where the row of a webserver begins; the last one ends where the one behind it would begin. */
  readonly starts: Int32Array;
  readonly gateways: Int32Array;
  readonly costs: Float64Array;
}

export class Rendezvous {
  private readonly begun: Int32Array;
  private readonly weights: Float64Array;
  /** Of each gateway's name what its forerunner's does not begin with, one after the other. */
  private readonly letters: Uint16Array;
  private readonly ends: Int32Array;
  /** How much of its forerunner's name each one begins with. */
  private readonly shared: Int32Array;
  /** The hash after so many letters of the name at hand. */
  private readonly states: Int32Array;

  constructor(webservers: readonly string[], gateways: readonly Racer[]) {
    this.begun = Int32Array.from(webservers, (name) => continued(0x811c9dc5, `${name}\u0000`));
    this.weights = Float64Array.from(gateways, ({ weight }) => weight);
    const shared = gateways.map(({ name }, at) => commonStart(gateways[at - 1]?.name ?? '', name));
    const rests = gateways.map(({ name }, at) => name.slice(shared[at]));
    this.shared = Int32Array.from(shared);
    this.letters = Uint16Array.from(
      rests.flatMap((rest) => Array.from({ length: rest.length }, (_, at) => rest.charCodeAt(at))),
    );
    let end = 0;
    this.ends = Int32Array.from(rests, ({ length }) => {
      end += length;
      return end;
    });
    this.states = new Int32Array(Math.max(0, ...gateways.map(({ name }) => name.length)) + 1);
  }

  /** Every liking that costs less than the limit. Logarithms, so that one number added to all costs of a gateway acts like another weight. */
  cheaperThan(limit: number): Likings {
    const least = Float64Array.from(this.weights, (weight) => leastHash(weight, limit));
    const hashes = new Uint32Array(this.weights.length);
    const starts = new Int32Array(this.begun.length + 1);
    let [gateways, costs] = [new Int32Array(1024), new Float64Array(1024)];
    let found = 0;
    for (let webserver = 0; webserver < this.begun.length; webserver += 1) {
      this.hash(webserver, hashes);
      if (found + hashes.length > gateways.length) {
        gateways = longer(gateways, new Int32Array(2 * found + hashes.length));
        costs = longer(costs, new Float64Array(2 * found + hashes.length));
      }
      for (let gateway = 0; gateway < hashes.length; gateway += 1) {
        const hash = hashes[gateway] ?? 0;
        if (hash < (least[gateway] ?? 0)) continue;
        const cost = costOf(hash, this.weights[gateway] ?? 0);
        if (cost >= limit) continue;
        gateways[found] = gateway;
        costs[found] = cost;
        found += 1;
      }
      starts[webserver + 1] = found;
    }
    return { starts, gateways: gateways.slice(0, found), costs: costs.slice(0, found) };
  }

  /** What each gateway costs one webserver. */
  row(webserver: number): Float64Array {
    const hashes = new Uint32Array(this.weights.length);
    this.hash(webserver, hashes);
    return Float64Array.from(hashes, (hash, gateway) => costOf(hash, this.weights[gateway] ?? 0));
  }

  /** A limit under which a webserver has about so many likings. */
  limitFor(count: number): number {
    let [low, high] = [-60, 60];
    for (let step = 0; step < 60; step += 1) {
      const middle = (low + high) / 2;
      const expected = this.weights.reduce(
        (sum, weight) => sum + 1 - Math.exp(-weight * Math.exp(middle)),
        0,
      );
      if (expected < count) low = middle;
      else high = middle;
    }
    return high;
  }

  private hash(webserver: number, hashes: Uint32Array): void {
    const { states, letters, ends, shared } = this;
    states[0] = this.begun[webserver] ?? 0;
    let at = 0;
    for (let gateway = 0; gateway < hashes.length; gateway += 1) {
      let depth = shared[gateway] ?? 0;
      let value = states[depth] ?? 0;
      for (const end = ends[gateway] ?? 0; at < end; at += 1) {
        value = Math.imul(value ^ (letters[at] ?? 0), prime);
        depth += 1;
        states[depth] = value;
      }
      hashes[gateway] = finished(value);
    }
  }
}

/** Hashes below it certainly cost more than the limit; a little too low rather than too high. */
function leastHash(weight: number, limit: number): number {
  if (weight <= 0) return Number.POSITIVE_INFINITY;
  return 2 ** 32 * Math.exp(-weight * Math.exp(limit)) - 2;
}

function costOf(hash: number, weight: number): number {
  return weight <= 0 ? Number.POSITIVE_INFINITY : Math.log(-Math.log((hash + 0.5) / 2 ** 32) / weight);
}

const prime = 0x01000193;

/** FNV-1a over UTF-16 units. */
function continued(begun: number, text: string): number {
  let value = begun;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), prime);
  return value;
}

/** The finalizer of MurmurHash3, for the bits that FNV leaves alike. */
function finished(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function commonStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function longer<Numbers extends Int32Array | Float64Array>(short: Numbers, long: Numbers): Numbers {
  long.set(short);
  return long;
}
