/**
 * Webservers with their favourite gateways -> every gateway filled to its share at the least cost in likings: cheapest
 * chains of moves, one webserver a hop, until all shares fit (successive shortest paths). Hot: 10,000 webservers and
 * 100 gateways are a million likings, so prices live in flat arrays.
 */
import type { GatewayWeight } from './assignment.ts';
import { rendezvousCosts } from './rendezvous.ts';

export class Flow {
  private readonly gateways: number;
  private readonly low: readonly number[];
  private readonly high: readonly number[];
  /** By webserver, then gateway. */
  private readonly costs: Float64Array;
  /** Webserver -> gateway, and back. */
  private readonly chosen: number[];
  private readonly members: Set<number>[];
  /** From gateway to gateway: how much dearer the cheapest move is, and whose move it is. */
  private readonly prices: Float64Array;
  private readonly movers: Int32Array;

  /** `quotas`: the exact share of each gateway; they sum up to the number of webservers. */
  constructor(webservers: readonly string[], gateways: readonly GatewayWeight[], quotas: readonly number[]) {
    const count = gateways.length;
    this.gateways = count;
    this.low = quotas.map((quota) => Math.floor(quota + rounding));
    this.high = quotas.map((quota) => Math.ceil(quota - rounding));
    const weights = gateways.map(({ name }, index) => ({ name, weight: quotas[index] ?? 0 }));
    this.costs = rendezvousCosts(webservers, weights);
    this.members = gateways.map(() => new Set());
    this.chosen = webservers.map((_, webserver) => this.favourite(webserver));
    for (const [webserver, gateway] of this.chosen.entries()) this.members[gateway]?.add(webserver);
    this.prices = new Float64Array(count * count);
    this.movers = new Int32Array(count * count);
    for (let from = 0; from < count; from += 1) this.price(from);
  }

  /** The gateway of each webserver, by index. */
  balanced(): readonly number[] {
    const count = (gateway: number): number => this.members[gateway]?.size ?? 0;
    const every = [...this.members.keys()];
    const over = (): number[] => every.filter((gateway) => count(gateway) > (this.high[gateway] ?? 0));
    const under = (): number[] => every.filter((gateway) => count(gateway) < (this.low[gateway] ?? 0));
    for (let from = over(); from.length > 0; from = over())
      this.shift(
        from,
        every.filter((gateway) => count(gateway) < (this.high[gateway] ?? 0)),
      );
    for (let to = under(); to.length > 0; to = under())
      this.shift(
        every.filter((gateway) => count(gateway) > (this.low[gateway] ?? 0)),
        to,
      );
    return this.chosen;
  }

  /** One webserver more at one of `to`, one less at one of `from`, by the cheapest chain of moves. */
  private shift(from: readonly number[], to: readonly number[]): void {
    const { price, before } = this.cheapest(from);
    const [nearest = 0] = to.toSorted((a, b) => (price[a] ?? 0) - (price[b] ?? 0) || a - b);
    const touched = new Set<number>();
    let at = nearest;
    for (let back = before[at] ?? -1; back >= 0; back = before[at] ?? -1) {
      this.move(this.movers[back * this.gateways + at] ?? 0, back, at);
      touched.add(at).add(back);
      at = back;
    }
    for (const gateway of touched) this.price(gateway);
  }

  /** Bellman-Ford, only from where a price fell: edges may be cheaper than nothing, circles never are. */
  private cheapest(from: readonly number[]): { price: Float64Array; before: Int32Array } {
    const price = new Float64Array(this.gateways).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(this.gateways).fill(-1);
    for (const gateway of from) price[gateway] = 0;
    const open = new Set(from);
    for (const start of open) {
      open.delete(start);
      const so = price[start] ?? 0;
      for (let end = 0; end < this.gateways; end += 1) {
        const total = so + (this.prices[start * this.gateways + end] ?? 0);
        if (total >= (price[end] ?? 0) - rounding) continue;
        price[end] = total;
        before[end] = start;
        open.add(end);
      }
    }
    return { price, before };
  }

  private move(webserver: number, from: number, to: number): void {
    this.members[from]?.delete(webserver);
    this.members[to]?.add(webserver);
    this.chosen[webserver] = to;
  }

  /** The cheapest moves away from a gateway, for all others at once. */
  private price(from: number): void {
    const { gateways, prices, movers, costs } = this;
    const row = from * gateways;
    prices.fill(Number.POSITIVE_INFINITY, row, row + gateways);
    for (const webserver of this.members[from] ?? []) {
      const own = webserver * gateways;
      const here = costs[own + from] ?? 0;
      for (let to = 0; to < gateways; to += 1) {
        const price = (costs[own + to] ?? 0) - here;
        if (to === from || price >= (prices[row + to] ?? 0)) continue;
        prices[row + to] = price;
        movers[row + to] = webserver;
      }
    }
  }

  private favourite(webserver: number): number {
    const own = webserver * this.gateways;
    let best = 0;
    for (let gateway = 1; gateway < this.gateways; gateway += 1)
      if ((this.costs[own + gateway] ?? 0) < (this.costs[own + best] ?? 0)) best = gateway;
    return best;
  }
}

/** Far below any difference of prices or shares that means something. */
const rounding = 1e-9;
