/**
 * Who leaves through whom, from names and pool sizes alone: no history, no clock, the order of the file does not
 * count. Each webserver likes the gateways in an order of its own (weighted rendezvous hashing), so a gateway that
 * comes or goes changes little; a minimum-cost flow over those likings then fills every gateway exactly to its share,
 * rounded down or up. It is the flow, not a greedy repair, that keeps corrections alike before and after a change.
 */
import { rendezvousCost } from './rendezvous.ts';
import { shares } from './share.ts';

export interface GatewayWeight {
  readonly name: string;
  /** Pool size; more than zero. */
  readonly weight: number;
}

export interface WebserverWish {
  readonly name: string;
  /** The gateway that the user named; missing: `auto`. */
  readonly pinned?: string;
}

/** Webserver -> gateway. Without gateways it is empty; a pin to a gateway that is not there is left out. */
export function assignGateways(
  webservers: readonly WebserverWish[],
  gateways: readonly GatewayWeight[],
): ReadonlyMap<string, string> {
  const sorted = gateways.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(sorted.map(({ name }) => name));
  const pinned = webservers.filter((one) => one.pinned !== undefined && names.has(one.pinned));
  const found = new Map(pinned.map((one) => [one.name, one.pinned ?? '']));
  if (sorted.length === 0) return found;
  const free = webservers
    .filter((one) => one.pinned === undefined)
    .map(({ name }) => name)
    .toSorted();
  const loads = sorted.map(({ name }) => pinned.filter((one) => one.pinned === name).length);
  const quotas = shares(
    free.length,
    sorted.map(({ weight }, index) => ({ weight, load: loads[index] ?? 0 })),
  );
  for (const [index, gateway] of new Flow(free, sorted, quotas).balanced().entries())
    found.set(free[index] ?? '', sorted[gateway]?.name ?? '');
  return found;
}

/** How much dearer the cheapest move between two gateways is, and whose move it is. */
interface Edge {
  readonly price: number;
  readonly webserver: number;
}

/** The state of one balancing: cheapest paths between gateways, one webserver a hop, until all shares fit. */
class Flow {
  private readonly gateways: number;
  private readonly low: readonly number[];
  private readonly high: readonly number[];
  private readonly costs: Float64Array;
  /** Webserver -> gateway, and back. */
  private readonly chosen: number[];
  private readonly members: Set<number>[];
  private readonly edges: (readonly (Edge | undefined)[])[];

  constructor(webservers: readonly string[], gateways: readonly GatewayWeight[], quotas: readonly number[]) {
    this.gateways = gateways.length;
    this.low = quotas.map((quota) => Math.floor(quota + rounding));
    this.high = quotas.map((quota) => Math.ceil(quota - rounding));
    this.costs = new Float64Array(webservers.length * gateways.length);
    this.members = gateways.map(() => new Set());
    const weights = gateways.map((gateway, index) => ({ name: gateway.name, weight: quotas[index] ?? 0 }));
    this.chosen = webservers.map((webserver, index) => {
      this.costs.set(
        weights.map((gateway) => rendezvousCost(webserver, gateway)),
        index * this.gateways,
      );
      const first = this.favourite(index);
      this.members[first]?.add(index);
      return first;
    });
    this.edges = gateways.map((_, from) => this.edgesFrom(from));
  }

  balanced(): readonly number[] {
    const count = (gateway: number): number => this.members[gateway]?.size ?? 0;
    const every = [...this.members.keys()];
    const over = (): number[] => every.filter((gateway) => count(gateway) > (this.high[gateway] ?? 0));
    const under = (): number[] => every.filter((gateway) => count(gateway) < (this.low[gateway] ?? 0));
    for (let from = over(); from.length > 0; from = over())
      this.shift(from, new Set(every.filter((gateway) => count(gateway) < (this.high[gateway] ?? 0))));
    for (let to = under(); to.length > 0; to = under()) {
      const from = every.filter((gateway) => count(gateway) > (this.low[gateway] ?? 0));
      this.shift(from, new Set(to));
    }
    return this.chosen;
  }

  /** One webserver more at one of `to`, one less at one of `from`, by the cheapest chain of moves. */
  private shift(from: readonly number[], to: ReadonlySet<number>): void {
    const { price, before } = this.cheapest(from);
    const reachable = [...to].toSorted((a, b) => (price[a] ?? 0) - (price[b] ?? 0) || a - b);
    const touched = new Set<number>();
    let at = reachable[0] ?? 0;
    for (let back = before[at]; back !== undefined && back >= 0; back = before[at]) {
      this.move(this.edges[back]?.[at]?.webserver ?? 0, back, at);
      touched.add(at).add(back);
      at = back;
    }
    for (const gateway of touched) this.edges[gateway] = this.edgesFrom(gateway);
  }

  /** Bellman-Ford: edges may be cheaper than nothing, circles never are. */
  private cheapest(from: readonly number[]): { price: number[]; before: number[] } {
    const price = this.low.map((_, gateway) => (from.includes(gateway) ? 0 : Number.POSITIVE_INFINITY));
    const before = price.map(() => -1);
    let better = true;
    for (let round = 0; better && round < this.gateways; round += 1) {
      better = false;
      for (const [start, row] of this.edges.entries()) {
        for (const [end, edge] of row.entries()) {
          const total = (price[start] ?? 0) + (edge?.price ?? Number.POSITIVE_INFINITY);
          if (total >= (price[end] ?? 0) - rounding) continue;
          price[end] = total;
          before[end] = start;
          better = true;
        }
      }
    }
    return { price, before };
  }

  private move(webserver: number, from: number, to: number): void {
    this.members[from]?.delete(webserver);
    this.members[to]?.add(webserver);
    this.chosen[webserver] = to;
  }

  private edgesFrom(from: number): readonly (Edge | undefined)[] {
    const row = this.low.map((): Edge | undefined => undefined);
    for (const webserver of this.members[from] ?? []) {
      const here = this.cost(webserver, from);
      for (let to = 0; to < this.gateways; to += 1) {
        const price = this.cost(webserver, to) - here;
        if (to !== from && price < (row[to]?.price ?? Number.POSITIVE_INFINITY))
          row[to] = { price, webserver };
      }
    }
    return row;
  }

  private favourite(webserver: number): number {
    let best = 0;
    for (let gateway = 1; gateway < this.gateways; gateway += 1)
      if (this.cost(webserver, gateway) < this.cost(webserver, best)) best = gateway;
    return best;
  }

  private cost(webserver: number, gateway: number): number {
    return this.costs[webserver * this.gateways + gateway] ?? Number.POSITIVE_INFINITY;
  }
}

/** Far below any difference of prices or shares that means something. */
const rounding = 1e-9;
