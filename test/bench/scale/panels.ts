/** Which costs are drawn: those of one host, in CPU and in memory. */
import type { Curve, Panel } from './chart.ts';
import type { FarmCost } from './farm-run.ts';
import type { OfflineCost } from './offline.ts';

export function panelsOf(costs: {
  readonly farm: readonly FarmCost[];
  readonly offline: readonly OfflineCost[];
}): readonly Panel[] {
  const runs = costs.farm.filter(({ phase }) => phase !== 'parallel-ssh true');
  const shown = costs.offline.filter(({ what }) => drawn.includes(what));
  const each = ({ cpu, hosts }: FarmCost | OfflineCost): number => (cpu * 1000) / hosts;
  const memory = ({ peak, hosts }: FarmCost | OfflineCost): number => (peak * 1024) / hosts;
  return [
    panel(
      'CPU of a run for a host, in ms, over the size of the fleet',
      curves(runs, ({ phase }) => phase, each),
    ),
    panel('The same without hosts, in ms for a host', curves(shown, nameOf, each)),
    panel(
      'Memory of a run for a host, in KiB',
      curves(runs, ({ phase }) => phase, memory),
    ),
  ].filter((one) => one.curves.length > 0);
}

export const planned = 'load, resolve, plan';
const drawn: readonly string[] = ['validate', planned];

function nameOf({ what, written }: OfflineCost): string {
  return `${what}, ${written}`;
}

function panel(title: string, all: readonly Curve[]): Panel {
  return { title, curves: all.filter(({ points }) => points.length > 1) };
}

function curves<Cost extends { readonly hosts: number }>(
  costs: readonly Cost[],
  name: (cost: Cost) => string,
  value: (cost: Cost) => number,
): readonly Curve[] {
  return [...new Set(costs.map(name))].map((one) => ({
    name: one,
    points: costs
      .filter((cost) => name(cost) === one)
      .toSorted((a, b) => a.hosts - b.hosts)
      .map((cost) => [cost.hosts, value(cost)] as const),
  }));
}
