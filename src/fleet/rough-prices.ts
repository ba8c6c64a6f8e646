/**
 * Prices at which nearly as many would go to each gateway as its share: a cost is a logarithm, so a gateway that is
 * wanted twice as much as it should costs log 2 more. Any prices lead to the same answer, good ones sooner. As many are
 * above zero as gateways round their share up.
 */
import type { Likings } from './rendezvous.ts';

export function roughPrices(likings: Likings, quotas: readonly number[]): Float64Array {
  const prices = new Float64Array(quotas.length);
  const counts = new Int32Array(quotas.length);
  for (let round = 0; round < rounds; round += 1) {
    counts.fill(0);
    for (let webserver = 0; webserver + 1 < likings.starts.length; webserver += 1) {
      const gateway = likings.gateways[cheapestPlace(likings, prices, webserver)] ?? 0;
      counts[gateway] = (counts[gateway] ?? 0) + 1;
    }
    for (const [gateway, quota] of quotas.entries()) {
      const wanted = Math.log(((counts[gateway] ?? 0) + 0.5) / (quota + 0.5));
      prices[gateway] = (prices[gateway] ?? 0) + wanted / (1 + round / 4);
    }
  }
  const rounded = quotas.map((quota) => Math.ceil(quota - rounding) > Math.floor(quota + rounding));
  const open = prices.filter((_, gateway) => rounded[gateway]).toSorted((a, b) => b - a);
  const all = quotas.reduce((sum, quota) => sum + quota, 0);
  const up = Math.round(all - quotas.reduce((sum, quota) => sum + Math.floor(quota + rounding), 0));
  const level = ((open[up - 1] ?? open[up] ?? 0) + (open[up] ?? open[up - 1] ?? 0)) / 2;
  return prices.map((price) => price - level);
}

const rounds = 16;

/** Where in the likings the cheapest gateway of a webserver stands; -1 without any. */
export function cheapestPlace(
  { starts, gateways, costs }: Likings,
  prices: Float64Array,
  webserver: number,
): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  const end = starts[webserver + 1] ?? 0;
  for (let place = starts[webserver] ?? 0; place < end; place += 1) {
    const cost = (costs[place] ?? 0) + (prices[gateways[place] ?? 0] ?? 0);
    if (cost >= least) continue;
    best = place;
    least = cost;
  }
  return best;
}

/** Far below any difference of prices or shares that means something. */
export const rounding = 1e-9;
