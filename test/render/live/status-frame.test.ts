/** The screen of `status --watch` at one moment: what is seen first, what has a trend, and that it never overflows. */
import { describe, expect, test } from 'vitest';
import { columns, textOf } from '../../../src/render/live/line.ts';
import {
  mostScroll,
  type StatusView,
  statusFrame,
  type Trends,
  withLook,
} from '../../../src/render/live/status-frame.ts';
import { symbolsFor } from '../../../src/render/live/symbols.ts';
import type { FleetStatus } from '../../../src/status/model.ts';

const fill = (share: number) => ({
  protocol: 'tcp',
  destination: '198.51.100.7',
  port: 443,
  entries: Math.round(share * 64_512),
  closed: 0,
  share,
  level: share >= 0.8 ? 'alarm' : share >= 0.7 ? 'warning' : 'ok',
});

function fleetAt(shares: readonly number[], live = 0): FleetStatus {
  const addresses = shares.map((share, index) => ({
    address: `203.0.113.${10 + index}`,
    state: 'pool',
    entries: 0,
    closed: 0,
    busiest: share === 0 ? null : fill(share),
    fills: [],
  }));
  const fullest = { gateway: 'gw1', address: '203.0.113.10', fill: fill(Math.max(...shares)) };
  const gateway = {
    host: 'gw1',
    state: 'active',
    result: 'seen',
    table: null,
    carried: [],
    assigned: 3,
    addresses,
  };
  const drain = { kind: 'webserver', name: 'web01', gateway: 'gw1', live, secondsLeft: 90 };
  return {
    inventory: '/etc/prod.yaml',
    level: 'alarm',
    fullest,
    gateways: [gateway],
    webservers: [{ host: 'web01', result: 'unreachable' }],
    drains: live === 0 ? [] : [drain],
    alarms: [{ level: 'alarm', host: 'gw1', text: '203.0.113.10 is full', advice: null }],
  } as unknown as FleetStatus;
}

function viewOf(looks: readonly FleetStatus[], more: Partial<StatusView> = {}): StatusView {
  const status = looks.at(-1) ?? fleetAt([0]);
  const trends = looks.reduce<Trends>(withLook, new Map());
  const symbols = symbolsFor({ LANG: 'C.UTF-8' });
  return { status, trends, nextSeconds: 4, symbols, keys: 'yes', scroll: 0, ...more };
}

const shown = (view: StatusView, width = 110, height = 24): readonly string[] =>
  statusFrame(view, { width, height }).map(textOf);

describe('the status screen', () => {
  test('says first how full it is, and then what needs somebody', () => {
    const [first, second] = shown(viewOf([fleetAt([0.84, 0.2])]));
    expect(first).toBe('status prod.yaml  ACT: fullest address 84 %; 1 of 2 hosts seen  again in 4 s');
    expect(second).toBe('!! gw1: 203.0.113.10 is full');
  });

  test('has a bar and a trend for each address: one block a look', () => {
    const lines = shown(viewOf([fleetAt([0.1, 0]), fleetAt([0.5, 0]), fleetAt([1, 0])]));
    const [full = '', empty = ''] = lines.filter(
      (line) => line.includes('203.0.113.1') && line.includes(' %'),
    );
    expect(full).toMatch(/^ {2}203\.0\.113\.10 {4}█{30} 100 % !! +▂▅█ 64,512 to 198\.51\.100\.7:443\/tcp$/);
    expect(empty).toMatch(/^ {2}203\.0\.113\.11 {4}░{30} {3}0 % +▁▁▁ -$/);
  });

  test('shows the falling count of a drain', () => {
    const line = shown(viewOf([fleetAt([0.1], 310), fleetAt([0.1], 120)])).find((one) =>
      one.includes('drain'),
    );
    expect(line).toMatch(/drain web01 from gw1: 120 live connections left, 310 before +█▄ {2}90 s more$/);
  });

  test.each([
    [40, 6],
    [60, 10],
    [110, 3],
    [200, 50],
  ])('fits into %i columns and %i rows', (width, height) => {
    const view = viewOf([
      fleetAt(
        Array.from({ length: 40 }, () => 0.3),
        5,
      ),
    ]);
    const lines = shown(view, width, height);
    expect(lines.length).toBeLessThanOrEqual(height);
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(width);
  });

  test('can be scrolled to the last line, and says how many are left', () => {
    const view = viewOf([fleetAt(Array.from({ length: 40 }, () => 0.3))]);
    expect(shown(view, 80, 12).at(-1)).toBe('↑↓ 32 lines more · q ends');
    const end = { ...view, scroll: mostScroll(view, { width: 80, height: 12 }) };
    expect(shown(end, 80, 12)).toContainEqual(expect.stringContaining('203.0.113.49'));
  });

  test('is ASCII where the locale is not UTF-8', () => {
    const lines = shown(viewOf([fleetAt([0.84])], { symbols: symbolsFor({ LANG: 'C' }) }));
    expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
  });
});
