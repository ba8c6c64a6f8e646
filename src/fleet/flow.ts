/**
 * Webservers with their favourite gateways -> every gateway filled to its share at the least cost in likings: cheapest
 * chains of moves, one webserver a hop, until all shares fit (successive shortest paths with prices, as in the
 * Hungarian method). What a reader gets wrong: only the best likings of each webserver are looked at, and the answer is
 * exact all the same, since the prices prove it; where they do not, more likings are. So 10,000 webservers and
 * 1,000 gateways are not ten million likings.
 */
import type { GatewayWeight } from './assignment.ts';
import { type Likings, Rendezvous } from './rendezvous.ts';
import { cheapestPlace, roughPrices, rounding } from './rough-prices.ts';
import { Search } from './search.ts';

/** As many likings prove the answer nearly always; of so few gateways, all are looked at. */
const likingsEach = 40;

/**
 * The gateway of each webserver, by index. `quotas`: the exact share of each gateway; they sum up to the number of
 * webservers.
 */
export function balanced(
  webservers: readonly string[],
  gateways: readonly GatewayWeight[],
  quotas: readonly number[],
): Int32Array {
  const racers = gateways.map(({ name }, index) => ({ name, weight: quotas[index] ?? 0 }));
  const rendezvous = new Rendezvous(webservers, racers);
  for (let count = likingsEach; ; count *= 4) {
    const limit = count >= gateways.length ? Number.POSITIVE_INFINITY : rendezvous.limitFor(count);
    const likings = rendezvous.cheaperThan(limit);
    if (!isForEverybody(likings)) continue;
    const flow = new Flow(likings, quotas);
    if (flow.balance() && flow.isProven(rendezvous, limit)) return flow.chosen;
  }
}

class Flow {
  /** Webserver -> gateway. */
  readonly chosen: Int32Array;
  private readonly low: readonly number[];
  private readonly high: readonly number[];
  private readonly likings: Likings;
  private readonly owners: Int32Array;
  /** Webserver -> what its gateway costs it. */
  private readonly paid: Float64Array;
  private readonly members: readonly Set<number>[];
  /** What a place at a gateway costs beside the liking. The last one is that of the yard. */
  private readonly prices: Float64Array;
  /** How many each gateway is to have by the prices: the more where a place is dear. */
  private readonly places: number[];
  private readonly search: Search;
  /** Stands for all gateways that could do with one more or less: whom one leaves, another may take. */
  private readonly yard: number;

  constructor(likings: Likings, quotas: readonly number[]) {
    this.likings = likings;
    this.low = quotas.map((quota) => Math.floor(quota + rounding));
    this.high = quotas.map((quota) => Math.ceil(quota - rounding));
    this.owners = ownersOf(likings);
    this.yard = quotas.length;
    this.prices = Float64Array.of(...roughPrices(likings, quotas), 0);
    this.search = new Search(quotas.length + 1);
    this.chosen = new Int32Array(likings.starts.length - 1);
    this.paid = new Float64Array(this.chosen.length);
    this.members = quotas.map(() => new Set());
    for (const webserver of this.chosen.keys()) {
      const place = cheapestPlace(likings, this.prices, webserver);
      this.enter(webserver, likings.gateways[place] ?? 0, likings.costs[place] ?? 0);
    }
    this.places = quotas.map((_, gateway) => {
      const [low = 0, high = 0, price = 0] = [this.low[gateway], this.high[gateway], this.prices[gateway]];
      return price > 0
        ? high
        : price < 0
          ? low
          : Math.min(high, Math.max(low, this.members[gateway]?.size ?? 0));
    });
    this.places.push(this.chosen.length);
  }

  /** False where the likings at hand do not reach. */
  balance(): boolean {
    for (let at = 0; at <= this.yard; at += 1)
      while (this.surplus(at) > 0) if (!this.relieve(at)) return false;
    return true;
  }

  /** Whether no liking beyond the limit would have made it cheaper. */
  isProven(rendezvous: Rendezvous, limit: number): boolean {
    if (limit === Number.POSITIVE_INFINITY) return true;
    const prices = this.prices.subarray(0, this.yard);
    const cheapest = prices.reduce((least, price) => Math.min(least, price), Number.POSITIVE_INFINITY);
    return this.chosen.every((gateway, webserver) => {
      const pays = (this.paid[webserver] ?? 0) + (prices[gateway] ?? 0);
      if (limit + cheapest >= pays) return true;
      return rendezvous.row(webserver).every((cost, to) => cost + (prices[to] ?? 0) >= pays - rounding);
    });
  }

  /** How many more are here than places; in the yard, how many places too many there are. */
  private surplus(at: number): number {
    if (at < this.yard) return (this.members[at]?.size ?? 0) - (this.places[at] ?? 0);
    let places = -(this.places[this.yard] ?? 0);
    for (let gateway = 0; gateway < this.yard; gateway += 1) places += this.places[gateway] ?? 0;
    return places;
  }

  /** One less here, by the cheapest chain of moves to where one is missing. */
  private relieve(start: number): boolean {
    const { search, prices } = this;
    search.begin(start);
    const yardIsShort = this.surplus(this.yard) < 0;
    for (let at = search.next(); at >= 0; at = search.next()) {
      const distance = search.distances[at] ?? 0;
      if (at === this.yard ? yardIsShort : this.surplus(at) < 0) {
        for (const one of search.settled)
          prices[one] = (prices[one] ?? 0) + distance - (search.distances[one] ?? 0);
        this.follow(at, start);
        return true;
      }
      if (at === this.yard) this.lookFromYard(distance);
      else this.lookFrom(at, distance);
    }
    return false;
  }

  /** Every move of a member of this gateway to another one, and one place more here. */
  private lookFrom(at: number, distance: number): void {
    const { starts, gateways, costs } = this.likings;
    const { prices, search } = this;
    const price = prices[at] ?? 0;
    for (const webserver of this.members[at] ?? []) {
      const pays = (this.paid[webserver] ?? 0) + price;
      const end = starts[webserver + 1] ?? 0;
      for (let place = starts[webserver] ?? 0; place < end; place += 1) {
        const to = gateways[place] ?? 0;
        const dearer = (costs[place] ?? 0) + (prices[to] ?? 0) - pays;
        search.reach(to, distance + Math.max(0, dearer), at, place);
      }
    }
    if ((this.places[at] ?? 0) < (this.high[at] ?? 0))
      search.reach(this.yard, distance + Math.max(0, (prices[this.yard] ?? 0) - price), at, -1);
  }

  /** One place less at any gateway. */
  private lookFromYard(distance: number): void {
    const { prices, search, yard } = this;
    for (let to = 0; to < yard; to += 1)
      if ((this.places[to] ?? 0) > (this.low[to] ?? 0))
        search.reach(to, distance + Math.max(0, (prices[to] ?? 0) - (prices[yard] ?? 0)), yard, -1);
  }

  /** Carries out the chain that a search has found, from its end back to its start. */
  private follow(end: number, start: number): void {
    for (let at = end; at !== start; ) {
      const back = this.search.before[at] ?? 0;
      const place = this.search.places[at] ?? 0;
      if (at === this.yard) this.places[back] = (this.places[back] ?? 0) + 1;
      else if (back === this.yard) this.places[at] = (this.places[at] ?? 0) - 1;
      else {
        const webserver = this.owners[place] ?? 0;
        this.members[back]?.delete(webserver);
        this.enter(webserver, at, this.likings.costs[place] ?? 0);
      }
      at = back;
    }
  }

  private enter(webserver: number, gateway: number, cost: number): void {
    this.members[gateway]?.add(webserver);
    this.chosen[webserver] = gateway;
    this.paid[webserver] = cost;
  }
}

function isForEverybody({ starts }: Likings): boolean {
  return starts.every((start, at) => at === 0 || start > (starts[at - 1] ?? 0));
}

function ownersOf({ starts, gateways }: Likings): Int32Array {
  const owners = new Int32Array(gateways.length);
  for (let webserver = 0; webserver + 1 < starts.length; webserver += 1)
    owners.fill(webserver, starts[webserver], starts[webserver + 1]);
  return owners;
}
