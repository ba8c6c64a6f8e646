/**
 * How full each pool address is, as `gwfleet status` saw it last: an apply counts no connections, so the page says when
 * somebody did. A bar is the share of the 64,512 ports to the address's busiest destination.
 */
import type { RunState } from '../../report/run-state.ts';
import type { Fill, PoolAddress } from '../../status/model.ts';
import { percent, thousands } from '../numbers.ts';
import { type Html, html, raw } from './html.ts';

export interface KeptFills {
  /** Time of the look, UTC. */
  readonly at: string;
  readonly gateways: readonly { readonly host: string; readonly addresses: readonly PoolAddress[] }[];
}

export function fillSection({
  inventory,
  state,
  fills,
}: {
  readonly inventory: string;
  readonly state: RunState;
  readonly fills: KeptFills | undefined;
}): Html {
  if (fills === undefined)
    return html`<section><h2>Pool addresses</h2><p class="dim">Nobody has counted connections yet: <code>gwfleet status ${inventory}</code>, and this page again shows how full each address is.</p></section>`;
  const { gateways } = fills;
  return html`<section><h2>Pool addresses <small>as gwfleet status saw them ${when(fills.at, state)}</small></h2>
<div class="fills">${gateways.map(
    ({ host, addresses }) => html`<div class="pool"><h3>${host}</h3>${addresses.map(row)}</div>`,
  )}</div>
<p class="dim">a full bar: all 64,512 ports of the address to its busiest destination; 70 % warns, 80 % is full</p></section>`;
}

function row({ address, state, busiest, entries }: PoolAddress): Html {
  const level = busiest?.level ?? 'ok';
  const share = Math.min(1, busiest?.share ?? 0);
  const word =
    level === 'ok' ? raw('') : html`<b class="bad">${level === 'alarm' ? 'full' : 'nearly full'}</b>, `;
  const leaving = state === 'leaving' ? ', leaving the pool' : '';
  return html`<div class="fill"><span>${address}</span><div class="track"><i class="level ${level}" style="width:${(share * 100).toFixed(1)}%"></i></div><span class="number">${percent(share)}</span><small>${word}${thousands(entries)} connections${leaving}${destination(busiest)}</small></div>`;
}

function destination(busiest: Fill | null): string {
  if (busiest === null) return '';
  const { protocol, destination: to, port } = busiest;
  return `, busiest ${protocol} ${to}:${port}`;
}

/** `at 2026-11-30 17:40 UTC, 3 min after the run began`. */
function when(at: string, { startedAt }: RunState): string {
  const minutes = Math.round((Date.parse(at) - Date.parse(startedAt)) / 60_000);
  const distance =
    Math.abs(minutes) > 120 ? `${Math.round(Math.abs(minutes) / 60)} h` : `${Math.abs(minutes)} min`;
  const side = minutes < 0 ? 'before' : 'after';
  return `at ${at.slice(0, 16).replace('T', ' ')} UTC, ${distance} ${side} the run began`;
}
