/** The page of a run: complete, safe, and in need of nothing. */
import { expect, it } from 'vitest';
import type { KeptFills } from '../../src/render/page/fill.ts';
import { page } from '../../src/render/page/page.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import type { PoolAddress } from '../../src/status/model.ts';
import { recording } from './recording.ts';

const { events, plan } = recording();
const address = (last: number, share: number): PoolAddress => {
  const entries = Math.round(share * 64_512);
  const level = share >= 0.8 ? 'alarm' : share >= 0.7 ? 'warning' : 'ok';
  const fill = {
    protocol: 'tcp',
    destination: '198.51.100.7',
    port: 443,
    entries,
    closed: 0,
    share,
    level,
  } as const;
  return {
    ...{ address: `203.0.113.${last}`, state: last === 13 ? 'leaving' : 'pool', entries, closed: 0 },
    ...{ busiest: share === 0 ? null : fill, fills: share === 0 ? [] : [fill] },
  };
};
const fills: KeptFills = {
  at: '2026-11-22T21:43:00.000Z',
  gateways: [
    { host: 'gw1', addresses: [address(10, 0.41), address(11, 0.72), address(12, 0.834), address(13, 0)] },
    { host: 'gw2', addresses: [address(20, 0.05)] },
  ],
};
const order = {
  fills,
  ...{ run: '20261122-214007-7f3a', command: 'apply', owner: 'ann@desk', startedAt: '2026-11-22T21:40:07Z' },
  ...{ inventory: 'inventories/<prod>.yaml', events, plan },
};

it('says how 400 hosts ended, each with a row of the timeline', () => {
  const text = page({ ...order, state: events.reduce(reduce, emptyRunState) });
  expect(text).toContain('400 hosts: 390 changed, 3 unreachable, 2 failed, 3 rolled-back, 2 unknown');
  expect(text.match(/class="row"/g)).toHaveLength(400);
  expect(text).toContain('RTNETLINK answers: Network is unreachable');
  expect(text).toContain('playbooks/site.yaml:16:7');
  expect(text.length).toBeLessThan(200_000);
});

it('fetches nothing, runs nothing, and lets no word of a host be HTML', () => {
  const told = events.map((event) =>
    event.type === 'host-finished' ? { ...event, message: '<script>alert(1)</script>' } : event,
  );
  const text = page({ ...order, state: told.reduce(reduce, emptyRunState) });
  expect(text).not.toMatch(/<script|https?:|src=|<link|@import|url\(/);
  expect(text).toContain('inventories/&#60;prod&#62;.yaml');
});

it('shows how full each pool address was when somebody looked, with that time, or that nobody has', () => {
  const state = events.reduce(reduce, emptyRunState);
  const text = page({ ...order, state });
  expect(text).toContain('at 2026-11-22 21:43 UTC, 3 min after the run began');
  expect(text).toMatch(
    /203\.0\.113\.12.*width:83\.4%.*83 %<.*<b class="bad">full<\/b>, 53,803 connections, busiest tcp/,
  );
  expect(text).toMatch(/203\.0\.113\.13.*0 connections, leaving the pool/);
  const unseen = page({ ...order, state, fills: undefined });
  expect(unseen).toContain('<code>gwfleet status inventories/&#60;prod&#62;.yaml</code>');
});
