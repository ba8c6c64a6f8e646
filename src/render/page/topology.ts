/** Who leaves through whom: the gateways of the plan with their pools, and the webservers that it gives to each. */
import { parseAddress } from '../../address/ipv4.ts';
import { poolRanges } from '../../address/pool.ts';
import { hostRuns } from '../../plan/fold.ts';
import type { Plan, TaskPlan } from '../../plan/plan.ts';
import type { RunState } from '../../report/run-state.ts';
import { type Html, html, raw } from './html.ts';

interface Gateway {
  readonly host: string;
  readonly pool: string;
  /** Addresses by which webservers reach it. */
  readonly addresses: readonly string[];
}

export function topology(plan: Plan, state: RunState): Html {
  const tasks = plan.plays.flatMap(({ hosts }) =>
    hosts.flatMap((one) => (one.kind === 'planned' ? one.tasks.map((task) => ({ host: one, task })) : [])),
  );
  const gateways = new Map<string, Gateway>();
  for (const { host, task } of tasks)
    if (task.type === 'ruleset')
      gateways.set(host.host, { host: host.host, pool: poolOf(task), addresses: addressesOf(host.facts) });
  const routes = tasks.filter(({ task }) => task.type === 'default_route');
  if (gateways.size === 0) return raw('');
  const all = [...state.hosts.keys()];
  const cards = [...gateways.values()].map((gateway) => {
    const own = routes
      .filter(({ task }) => gateway.addresses.includes(viaOf(task)))
      .map(({ host }) => host.host);
    const result = state.hosts.get(gateway.host)?.result ?? 'not reached';
    return html`<article class="card"><h3>${gateway.host} <span class="dot ${result}">${result}</span></h3>
<p>${gateway.pool}</p><p class="dim">${own.length} webservers ${hostRuns(own, all).join(' ')}</p></article>`;
  });
  return html`<section><h2>Gateways</h2><div class="cards">${cards}</div></section>`;
}

function poolOf({ args }: TaskPlan): string {
  const pool = record(args)['pool'];
  const list = Array.isArray(pool) ? pool : [pool];
  const addresses = list.filter((one): one is string => typeof one === 'string');
  if (!addresses.every((one) => parseAddress(one) !== undefined)) return addresses.join(', ');
  return poolRanges(addresses)
    .map(({ first, last }) => (first === last ? first : `${first}-${last}`))
    .join(', ');
}

function viaOf({ args }: TaskPlan): string {
  const via = record(args)['via'];
  return typeof via === 'string' ? via : '';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function addressesOf(facts: unknown): readonly string[] {
  return [...JSON.stringify(facts ?? null).matchAll(/"(\d+\.\d+\.\d+\.\d+)(?:\/\d+)?"/g)].flatMap(
    ([, address = '']) => address,
  );
}
