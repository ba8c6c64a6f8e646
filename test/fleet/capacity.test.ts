/** The arithmetic of capacity, by the figures that were measured (README) and sums that can be done on paper. */
import { describe, expect, test } from 'vitest';
import { capacityAnswer } from '../../src/fleet/capacity-answer.ts';
import { carriedWebservers } from '../../src/fleet/carrying.ts';
import { readFleet } from '../../src/fleet/fleet.ts';
import { capacityText } from '../../src/render/capacity-text.ts';
import { palette } from '../../src/render/palette.ts';
import { inventoryOf } from '../playbook/reading.ts';

const gateway = (number: number, more = '') =>
  `    gw${number}: { ansible_host: 10.0.0.${number}, snat_pool: 203.0.113.${number}0-203.0.113.${number}5${more} }`;

function answer(gateways: readonly string[], webservers: string, order = {}) {
  const text = `gateways:\n  hosts:\n${gateways.join('\n')}\nwebservers:\n  hosts:\n${webservers}`;
  return capacityAnswer(readFleet(inventoryOf(text)).fleet, order);
}

const many = '    web[1:40]:';
const one = ([gw]: readonly string[], webservers = many, order = {}) => answer([gw ?? ''], webservers, order);

describe('what a fleet carries', () => {
  test('is what its pools have below 80 %, when there are webservers enough', () => {
    expect(answer([gateway(1), gateway(2)], many)).toMatchObject({
      connections: 2 * Math.floor(6 * 64_512 * 0.8),
      gateways: [{ knob: 'pool ports', webservers: 20 }, { knob: 'pool ports' }],
      loss: { connections: 309_657 },
    });
  });

  test('is what the webservers can open, when they are few', () => {
    expect(answer([gateway(1), gateway(2)], '    web[1:4]:')).toMatchObject({
      connections: 4 * 28_232,
      gateways: [{ knob: 'webserver ports', connections: 56_464 }, {}],
    });
  });

  test('is the table, when the memory is too small for one that fits', () => {
    const { gateways } = one([gateway(1)], many, { memoryBytes: 2 ** 30 });
    // 1 GiB / 16 / 400 bytes, in whole steps of 8,192.
    expect(gateways[0]).toMatchObject({ knob: 'conntrack', connections: 163_840 });
    expect(gateways[0]?.table).toMatchObject({ wanted: 524_288, entries: 163_840 });
  });

  test('of the 2007 recipe is less than a third of its ports, also when it is chosen by the style', () => {
    for (const seed of [', spread: range', ', ruleset_style: seed'])
      expect(one([gateway(1, seed)]).connections).toBe(Math.floor(6 * 64_512 * 0.29));
    expect(carriedWebservers({ addresses: 6, spread: 'connection' })).toBe(10);
    expect(carriedWebservers({ addresses: 6, spread: 'range' })).toBe(3);
  });

  test('counts neither gateways that are not active nor webservers that a lost gateway strands', () => {
    const pinned = '    web[1:20]:\n    pin[1:5]: { gateway: gw1 }';
    const fleet = answer([gateway(1), gateway(2), gateway(3, ', gateway_state: standby')], pinned);
    expect(fleet.gateways.map(({ webservers }) => webservers)).toEqual([13, 12, 0]);
    // 309,657 at most on one gateway; the five that name gw1 are not among the 20.
    expect(fleet.loss).toEqual({ gateway: 'gw1', connections: 309_657, stranded: 5 });
  });

  test('with one lost is nothing when there is no other', () => {
    expect(one([gateway(1)]).loss).toEqual({ gateway: 'gw1', connections: 0, stranded: 0 });
    expect(text(one([gateway(1)]))).toContain('nothing is left when gw1 is lost');
  });
});

describe('new connections a second', () => {
  test('are limited by the ports that webservers keep for a minute', () => {
    const { rates } = answer([gateway(1), gateway(2)], '    web[1:4]:');
    expect(rates).toMatchObject({
      perWebserver: 470,
      newKernel: { perSecond: 1880, knob: 'webserver ports' },
    });
  });

  test('are limited by the pool on kernels that do not take over closed ports', () => {
    const { rates } = answer(['    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10 }'], many);
    // 64,512 x 80 % / 30 s.
    expect(rates.oldKernel).toEqual({ perSecond: 1720, knob: 'pool ports' });
    expect(rates.oldKernel.perSecond).toBeLessThan(rates.newKernel.perSecond);
  });

  test('are not limited by the gateway on kernels that do: 63,562 of 64,512 went over a full address', () => {
    const { rates } = answer(['    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10 }'], many);
    // 40 x 28,232 / 60 s; from 64,512 / 120 s on every port is one that is taken over.
    expect(rates).toMatchObject({
      newKernel: { perSecond: 18_800, knob: 'webserver ports' },
      crowdedFrom: 537,
    });
  });

  test('are limited by a table that memory keeps smaller than the pool', () => {
    const { rates } = one([gateway(1)], many, { memoryBytes: 2 ** 30 });
    // 163,840 entries / 120 s, and / 30 s.
    expect(rates.newKernel).toEqual({ perSecond: 1365, knob: 'conntrack' });
    expect(rates.oldKernel).toEqual({ perSecond: 5461, knob: 'conntrack' });
  });

  test('are each gateway’s own, where they are not alike', () => {
    const uneven = [
      '    big: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.16-203.0.113.23 }',
      '    mid: { ansible_host: 10.0.0.2, snat_pool: [203.0.113.32-203.0.113.34, 203.0.113.40], spread: hash }',
      '    old: { ansible_host: 10.0.0.3, snat_pool: 203.0.113.50-203.0.113.51, spread: range }',
    ];
    const { rates, connections, loss, gateways } = answer(uneven, '    web[1:21]:');
    // 21 by 8 : 4 : 2 addresses. 12 x 28,232; 4 x 64,512 x 60 %; 2 x 64,512 x 29 %.
    expect(gateways.map(({ webservers }) => webservers)).toEqual([12, 6, 3]);
    expect(connections).toBe(338_784 + 154_828 + 37_416);
    // big lost: 14 and 7 webservers, and both pools are full before they are.
    expect(loss).toEqual({ gateway: 'big', connections: 154_828 + 37_416, stranded: 0 });
    // 18 x 470, and the recipe's 37,416 ports / 30 s.
    expect(rates.oldKernel).toEqual({ perSecond: 18 * 470 + 1247, knob: 'webserver ports' });
    expect(rates.newKernel.perSecond).toBe(21 * 470);
    expect(rates.crowdedFrom).toBe(Math.floor((14 * 64_512) / 120));
  });

  test('are the pool’s where the inventory has no webservers', () => {
    const { rates } = answer([gateway(1)], '    {}');
    expect(rates.newKernel).toEqual({ perSecond: 3225, knob: 'pool ports' });
  });
});

describe('N webservers with M connections each', () => {
  const need = (wish: object, gateways = [gateway(1), gateway(2)]) => answer(gateways, many, { wish }).need;

  test('need addresses by the ports below the alarm, and gateways by whole webservers', () => {
    // 400,000 / (64,512 x 0.7) = 8.9; six addresses carry 13 webservers of 20,000.
    expect(need({ webservers: 20, connections: 20_000 })?.newKernel).toMatchObject({
      addresses: 9,
      webserversPerGateway: 13,
      gateways: 2,
      carriedNow: 26,
    });
    // Nine webservers of 28,000 go on six addresses, though the ports of 13 addresses would do.
    expect(need({ webservers: 20, connections: 28_000 })?.newKernel).toMatchObject({
      addresses: 13,
      gateways: 3,
    });
  });

  test('need the ports of closed connections, too, on old kernels', () => {
    const both = need({ webservers: 10, connections: 1000, rate: 200 });
    expect(both?.newKernel).toMatchObject({ ports: 10_000, addresses: 1 });
    // 10 x (1,000 + 200 x 30).
    expect(both?.oldKernel).toMatchObject({ ports: 70_000, addresses: 2 });
  });

  test('are told when the webservers themselves cannot, and when nobody can', () => {
    const tight = need({ webservers: 2, connections: 20_000, rate: 200 })?.newKernel;
    expect(tight).toMatchObject({ ownPorts: 32_000, ownPortsFit: false, impossible: false });
    const small = ['    gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10 }'];
    expect(need({ webservers: 2, connections: 70_000 }, small)?.newKernel).toMatchObject({
      impossible: true,
      gateways: null,
    });
    expect(text(answer(small, many, { wish: { webservers: 2, connections: 70_000 } }))).toContain(
      '70,000 to one destination are more than the 64,512 ports of one webserver',
    );
  });

  test('are counted by the spread of the fleet', () => {
    const seed = need({ webservers: 20, connections: 20_000 }, [gateway(1, ', spread: range')]);
    // 400,000 / (64,512 x 0.29) = 21.4.
    expect(seed?.newKernel.addresses).toBe(22);
  });
});

describe('the change that helps most', () => {
  const best = (gateways: readonly string[], webservers = many, order = {}) =>
    answer(gateways, webservers, order).improvements[0];

  test('is another spread where the recipe of 2007 is at work', () => {
    const seeds = [1, 2].map((number) => gateway(number, ', spread: range'));
    expect(best(seeds)).toMatchObject({ change: 'spread: connection on gw1, gw2', withLoss: 309_657 });
  });

  test('is a second gateway where there is only one', () => {
    expect(best([gateway(1)])).toMatchObject({
      change: 'one gateway more, with 6 addresses',
      gainWithLoss: 309_657,
    });
  });

  test('is the webservers’ own ports where pools have room', () => {
    expect(best([gateway(1), gateway(2)], '    web[1:4]:')).toMatchObject({ gain: 4 * (64_512 - 28_232) });
  });

  test('is memory where the table does not fit', () => {
    expect(best([gateway(1), gateway(2)], many, { memoryBytes: 2 ** 29 })?.change).toMatch(/^memory/);
  });

  test('is a gateway that stands by where there is one as big as a new one', () => {
    const [first] = answer([gateway(1), gateway(2, ', gateway_state: standby')], many).improvements;
    expect(first?.gainWithLoss).toBe(309_657);
  });
});

test('the answer fits 80 columns, whatever is asked', () => {
  const fleets = [
    answer([gateway(1), gateway(2, ', spread: range')], many, {
      wish: { webservers: 1000, connections: 28_000, rate: 999 },
    }),
    answer([gateway(1), gateway(2)], '    web[1:4]:', {
      memoryBytes: 2 ** 30,
      wish: { connections: 70_000 },
    }),
  ];
  const lines = fleets.flatMap((fleet) => text(fleet).split('\n'));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

function text(fleet: ReturnType<typeof answer>): string {
  return capacityText(fleet, palette({ isTerminal: false, environment: {} }));
}

test('hundreds of gateways of two kinds are worked out as two, and each of them is named', () => {
  const gateways = Array.from({ length: 300 }, (_, at) => {
    const net = `198.18.${Math.floor(at / 25)}.${1 + (at % 25)}`;
    return `    gw${at}: { ansible_host: 10.1.${Math.floor(at / 250)}.${1 + (at % 250)}, snat_pool: ${net}0-${net}${3 + (at % 2)} }`;
  });
  const { loss, improvements } = answer(gateways, '    web[1:6000]:');
  expect(loss?.gateway).toBe('gw1');
  const more = improvements.filter(({ change }) => change.startsWith('one address more'));
  expect(more).toHaveLength(300);
  expect(new Set(more.map(({ gainWithLoss }) => gainWithLoss)).size).toBeLessThanOrEqual(2);
});
