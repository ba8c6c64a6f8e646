/** The pure half of `status`: what counts as growth, as full, and as a word that Prometheus can read. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entriesScript } from '../../src/status/entries-script.ts';
import { poolStatus, tableStatus } from '../../src/status/fill.ts';
import { growthSince, type Remembered } from '../../src/status/growth.ts';
import type { FleetStatus } from '../../src/status/model.ts';
import { prometheusText } from '../../src/status/prometheus.ts';
import { readGateway } from '../../src/status/seen.ts';

const nothing = readGateway({ code: 0, stdout: '', stderr: '' });

describe('growth', () => {
  const at = (insertFailed: number, bootId = 'one'): Remembered => ({
    at: '2026-11-22T21:40:07.000Z',
    bootId,
    counters: { insert_failed: insertFailed, drop: 0, early_drop: 0, invalid: 0 },
    leaked: null,
    unnatted: null,
  });

  test.each<[string, Remembered | undefined, number, number]>([
    ['is the difference to the last look', at(5), 8, 3],
    ['is nothing at the first look', undefined, 8, 0],
    ['is nothing over a reboot: the counters began anew', at(5, 'another'), 8, 0],
    ['goes on where a counter of 32 bits begins again', at(2 ** 32 - 2), 3, 5],
    ['is what there is where the counters were set back', at(500), 3, 3],
  ])('%s', (_, before, now, grown) => {
    expect(growthSince(at(now), before).counters.insert_failed).toBe(grown);
  });
});

describe('full', () => {
  const seen = (entries: number, closed: number) => ({
    ...nothing,
    addresses: [{ address: '203.0.113.1', entries, closed }],
    fills: [
      { address: '203.0.113.1', protocol: 'tcp', destination: '198.51.100.7', port: 443, entries, closed },
    ],
  });
  const level = (entries: number, closed: number, reuses: boolean) =>
    poolStatus(seen(entries, closed), { pool: ['203.0.113.1'], reuses })[0]?.busiest?.level;

  test('is an address at 80 % of 64,512 ports, and 70 % warns', () => {
    expect([45_158, 45_159, 51_609, 51_610].map((entries) => level(entries, 0, true))).toEqual([
      'ok',
      'warning',
      'warning',
      'alarm',
    ]);
  });

  test('is not an address full of closed connections, where the kernel gives their ports away', () => {
    expect(level(64_000, 60_000, true)).toBe('ok');
    expect(level(64_000, 60_000, false)).toBe('alarm');
  });

  test('is a table at 85 %', () => {
    const table = (entries: number) => tableStatus({ ...nothing, table: { entries, max: 1000 } })?.level;
    expect([699, 700, 849, 850].map(table)).toEqual(['ok', 'warning', 'warning', 'alarm']);
  });

  test('is told of an address that left the pool as long as it carries something', () => {
    const [pool, left] = poolStatus(seen(3, 1), { pool: ['203.0.113.9'], reuses: true });
    expect([pool?.state, left?.state, left?.address]).toEqual(['pool', 'leaving', '203.0.113.1']);
  });
});

test('counters of all CPUs are summed, from /proc and from conntrack -S alike', () => {
  const proc =
    'stat entries insert_failed drop early_drop invalid\nstat 03 0000000a 1 2 3\nstat 03 00000005 0 0 ff\n';
  const tool =
    'cpu cpu=0 found=1 invalid=3 insert_failed=10 drop=1 early_drop=2\ncpu cpu=1 invalid=255 insert_failed=5 drop=0 early_drop=0\n';
  for (const stdout of [proc, tool])
    expect(readGateway({ code: 0, stdout, stderr: '' }).counters).toEqual({
      insert_failed: 15,
      drop: 1,
      early_drop: 2,
      invalid: 258,
    });
});

describe('metrics', () => {
  const odd = 'a"b\\c\nd é\t{}';
  const pending = { lock: { secondsLeft: 41 }, guard: 'armed' };
  const drift = { changes: [], unknown: null };
  const fill = { protocol: odd, destination: odd, port: 0, share: 0.25 };
  const gateway = {
    ...{ host: odd, result: 'seen', pending, drift, counters: null, leakGuard: 7, unnatted: 0, carried: [] },
    addresses: [{ address: odd, state: 'leaving', entries: 5, closed: 2, busiest: fill }],
    table: { entries: 5, max: 9 },
  };
  const away = { host: 'gw2', result: 'unreachable', pending: { lock: null, guard: null }, drift };
  const drain = { kind: 'address', name: '203.0.113.15', gateway: odd, live: 3, secondsLeft: 17 };
  const status = {
    at: '2026-11-22T21:40:07.000Z',
    gateways: [gateway, away],
    webservers: [],
    drains: [drain],
  };
  const text = prometheusText(status as unknown as FleetStatus);

  test('are escaped: a name may hold what the format means something by', () => {
    expect(text).toContain('gwfleet_host_up{host="a\\"b\\\\c\\nd é\t{}",role="gateway"} 1\n');
    expect(text.split('\n').every((line) => /^(# (HELP|TYPE) gwfleet_|gwfleet_|$)/.test(line))).toBe(true);
  });

  test('please promtool whatever hosts are called, and carry no time of their own', () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(
      text.split('\n').filter((line) => /^gwfleet.*\s\S+\s\S+$/.test(line.replace(/\{.*\}/, ''))),
    ).toEqual([]);
  });

  test('tell how long until a host goes back by itself, and until a drain ends', () => {
    expect(text).toMatch(/^gwfleet_guard_seconds_left\{host="a.*",role="gateway"\} 41$/m);
    expect(text).toMatch(
      /^gwfleet_drain_seconds_left\{gateway="a.*",kind="address",name="203.0.113.15"\} 17$/m,
    );
    expect(text.match(/guard_seconds_left\{/g)).toHaveLength(1);
  });
});

describe.each([
  ['mawk', 'mawk'],
  ['busybox awk', 'busybox awk'],
])('the pass over the table with %s', (_, awk) => {
  test('keeps a bounded number of counts, and says how much that can hide', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gwfleet-pass-'));
    try {
      const line = (n: number, to: string) =>
        `ipv4     2 tcp      6 100 ESTABLISHED src=10.0.1.1 dst=${to} sport=${n} dport=443 src=${to} dst=203.0.113.1 sport=443 dport=${n} [ASSURED] mark=0 zone=0 use=2\n`;
      const many = Array.from({ length: 70_000 }, (_unused, n) =>
        line(
          1024 + (n % 60_000),
          `198.${18 + Math.floor(n / 62_500)}.${Math.floor(n / 250) % 250}.${n % 250}`,
        ),
      );
      const busy = Array.from({ length: 900 }, (_unused, n) => line(n + 1024, '198.51.100.7'));
      const table = join(folder, 'table');
      writeFileSync(table, [...busy, ...many, ...busy.slice(0, 100)].join(''));
      const script = entriesScript({ pool: ['203.0.113.1'], inside: { first: 2 ** 27, last: 2 ** 28 } })
        .text.replaceAll('/proc/net/nf_conntrack', table)
        .replace('"$@" awk', `"$@" ${awk}`);
      const { stdout } = spawnSync('dash', ['-c', script], { encoding: 'utf8' });
      const { pass, addresses, fills } = readGateway({ code: 0, stdout, stderr: '' });
      expect(pass).toMatchObject({ entries: 71_000, hidden: 1 });
      expect(addresses).toEqual([{ address: '203.0.113.1', entries: 71_000, closed: 0 }]);
      expect(fills[0]).toMatchObject({ destination: '198.51.100.7', port: 443, entries: 1000 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
