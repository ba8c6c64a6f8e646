import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aliases } from '../../src/tasks/aliases.ts';
import { gatewayScene, TaskNamespace } from './task-namespace.ts';

const args = { interface: 'eth1', addresses: '203.0.113.10-203.0.113.13' };

const wanted = [
  '203.0.113.10/24 brd 203.0.113.255 eth1',
  '203.0.113.11/24 brd 203.0.113.255 eth1:0',
  '203.0.113.12/24 brd 203.0.113.255 eth1:1',
  '203.0.113.13/24 brd 203.0.113.255 eth1:2',
];

function addresses(ns: TaskNamespace, device: string): readonly string[] {
  return ns
    .sh(`ip -o -4 addr show dev ${device}`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/\\.*/, '').trim().split(/\s+/).slice(3))
    .map((words) => words.filter((word) => !['scope', 'global', 'secondary'].includes(word)).join(' '));
}

function everything(ns: TaskNamespace): readonly string[] {
  return ns
    .sh('ip -o -4 addr show; ip -4 route show table all; cat /proc/sys/net/ipv4/conf/*/promote_secondaries')
    .split('\n')
    .toSorted();
}

const starts: Readonly<Record<string, string>> = {
  'nothing there': '',
  'one missing': 'ip addr add 203.0.113.11/24 brd + dev eth1 label eth1:0',
  'an extra one': 'ip addr add 203.0.113.77/24 brd + dev eth1 label eth1:7',
  'labels swapped': `ip addr add 203.0.113.11/24 brd + dev eth1 label eth1:foo
ip addr add 203.0.113.12/24 brd + dev eth1 label eth1:01`,
  'no label': 'ip addr add 203.0.113.12/24 brd + dev eth1',
  'the same label twice': `ip addr add 203.0.113.11/24 brd + dev eth1 label eth1:0
ip addr add 203.0.113.12/24 brd + dev eth1 label eth1:0`,
  'another prefix': `ip addr add 203.0.113.11/32 dev eth1 label eth1:0
ip addr add 203.0.113.12/25 brd + dev eth1
ip addr add 203.0.113.13/25 brd + dev eth1`,
  'no broadcast': 'ip addr add 203.0.113.11/24 dev eth1 label eth1:0',
  'the wrong interface': `ip addr add 192.0.2.1/24 brd + dev eth2
ip addr add 203.0.113.11/24 brd + dev eth2 label eth2:0
ip addr add 203.0.113.12/32 dev lo`,
  'twice with two prefixes': `ip addr add 203.0.113.11/24 brd + dev eth1 label eth1:0
ip addr add 203.0.113.11/32 dev eth1`,
};

describe('aliases converge from any start, and undo brings the start back', () => {
  test.each(Object.entries(starts))('%s', (_name, start) => {
    using ns = new TaskNamespace();
    ns.sh(gatewayScene + start);
    const before = everything(ns);
    const { from, to } = ns.converge(aliases, args);
    expect(addresses(ns, 'eth1').toSorted()).toEqual(wanted);
    expect(ns.sh('ip -o -4 addr show')).not.toMatch(/eth2 .*203\.0\.113|lo .*203\.0\.113/);
    ns.apply(aliases, to, from);
    expect(everything(ns)).toEqual(before);
    expect(ns.present(aliases, args)).toEqual(from);
  });
});

test('a pool of fifty on a bare interface is added by one call of ip; a busybox that knows no batch takes its time', () => {
  for (const [shim, added] of [
    ['exec /sbin/ip "$@"', 0],
    ['case "$*" in "-batch -") exit 1 ;; esac; exec /sbin/ip "$@"', 50],
  ] as const) {
    using ns = new TaskNamespace();
    ns.sh(gatewayScene);
    const calls = ns.sh('mktemp').trim();
    ns.shim('ip', `#!/bin/sh\necho "$*" >>${calls}\n${shim}\n`);
    ns.converge(aliases, { ...args, addresses: '203.0.113.10-203.0.113.60' });
    expect(addresses(ns, 'eth1')).toHaveLength(51);
    expect(ns.sh(`grep -c -x -e '-batch -' ${calls}; grep -c '^addr add ' ${calls} || :; rm ${calls}`)).toBe(
      `1\n${added}\n`,
    );
  }
});

/** The kernel takes the followers of a primary along with 0, and makes the next one the first with 1. */
describe.each(['0', '1'])('the trap of the primary, promote_secondaries=%s', (promote) => {
  /** A scene, the change, and the way back, which must be exact to the last byte of the probe. */
  function thereAndBack(
    scene: string,
    {
      addresses = args.addresses,
      between = () => {},
    }: {
      addresses?: string | string[];
      between?: (ns: TaskNamespace) => void;
    } = {},
  ): void {
    using ns = new TaskNamespace();
    ns.sh(`for f in /proc/sys/net/ipv4/conf/*/promote_secondaries; do echo 0 >$f; done
${gatewayScene}
for n in 0 1 2; do echo ${promote} >/proc/sys/net/ipv4/conf/eth$n/promote_secondaries; done
${scene}`);
    const one = { interface: 'eth1', addresses };
    const before = everything(ns);
    const seen = ns.run(aliases.probe(one)).stdout;
    const { from, to } = ns.converge(aliases, one);
    between(ns);
    ns.apply(aliases, to, from);
    expect(everything(ns)).toEqual(before);
    expect(ns.run(aliases.probe(one)).stdout).toBe(seen);
  }

  test('others of the subnet stay when the first of them moves, and the way back makes it the first again', () => {
    thereAndBack(
      `ip addr add 203.0.113.50/24 brd + dev eth1
ip addr add 203.0.113.51/24 brd + dev eth1 label eth1:vip
ip addr add 203.0.113.11/24 brd + dev eth2
ip addr add 203.0.113.60/24 brd + dev eth2 label eth2:a
ip addr add 203.0.113.61/24 dev eth2 noprefixroute valid_lft 7000 preferred_lft 7000
ip route add 198.51.100.0/24 via 203.0.113.1 dev eth2 src 203.0.113.60 metric 7`,
      {
        between: (ns) => {
          expect(addresses(ns, 'eth1')).toEqual(
            expect.arrayContaining([
              '203.0.113.50/24 brd 203.0.113.255 eth1',
              '203.0.113.51/24 brd 203.0.113.255 eth1:vip',
            ]),
          );
          expect(addresses(ns, 'eth2')[0]).toBe('203.0.113.60/24 brd 203.0.113.255 eth2:a');
          expect(addresses(ns, 'eth2')).toHaveLength(2);
          expect(ns.sh('ip route show 198.51.100.0/24')).toContain('src 203.0.113.60');
        },
      },
    );
  });

  test('the primary is left out of the pool, and stays with its aliases', () => {
    const scene = `for n in 11 12 13; do ip addr add 203.0.113.$n/24 brd + dev eth1 label eth1:$((n - 11)); done`;
    thereAndBack(scene, {
      addresses: ['203.0.113.12', '203.0.113.13'],
      between: (ns) =>
        expect(addresses(ns, 'eth1')).toEqual([
          wanted[0],
          '203.0.113.12/24 brd 203.0.113.255 eth1:1',
          '203.0.113.13/24 brd 203.0.113.255 eth1:2',
        ]),
    });
  });

  test('a pool that is routed here loses its first address, and gets it back', () => {
    thereAndBack('for n in 5 6 7; do ip addr add 198.51.100.$n/32 dev eth1 label eth1:$((n - 5)); done', {
      addresses: ['198.51.100.6', '198.51.100.7'],
    });
  });

  test('a whole subnet of aliases goes and comes back in its order', () => {
    thereAndBack(
      'for n in 5 6 7; do ip addr add 198.51.100.$n/24 brd + dev eth1 label eth1:$((n + 10)); done',
    );
  });

  test('an alias that a route names as its source is refused', () => {
    using ns = new TaskNamespace();
    ns.sh(`${gatewayScene}
ip addr add 203.0.113.20/24 brd + dev eth1 label eth1:0
ip route add default via 203.0.113.1 src 203.0.113.20`);
    const seen = ns.observe(aliases, args);
    const refused = aliases.desired(args, seen, ns.facts());
    expect(refused).toEqual({
      kind: 'refused',
      why: '203.0.113.20 on eth1 would have to go, and a route that names it as its source would go silently with it',
    });
  });

  test('the last address of an interface that carries routes is refused, and moves where there are none', () => {
    using ns = new TaskNamespace();
    ns.sh(`${gatewayScene}
ip addr add 203.0.113.11/25 brd + dev eth2
ip route add 198.51.100.0/24 via 203.0.113.1 dev eth2`);
    const refused = aliases.desired(args, ns.observe(aliases, args), ns.facts());
    expect(refused.kind === 'refused' && refused.why).toBe(
      '203.0.113.11 is the last address of eth2 and would have to go, and the routes by eth2 would go silently with it',
    );
    ns.sh('ip route del 198.51.100.0/24');
    expect(ns.converge(aliases, args).notes.map(({ text }) => text)).toEqual([
      '203.0.113.11 is the last address of eth2: its subnet is out of reach by eth2 then',
    ]);
  });
});

test('the plan says when the kernel must be kept from taking others along', () => {
  using ns = new TaskNamespace();
  ns.sh(`${gatewayScene}
ip addr add 203.0.113.11/24 brd + dev eth2
ip addr add 203.0.113.60/24 brd + dev eth2`);
  expect(ns.converge(aliases, args).notes.map(({ text }) => text)).toEqual([
    '203.0.113.11 is the first of its subnet on eth2: promote_secondaries is set while it goes, so that the others stay',
  ]);
});

test('a removal renumbers nobody and a new address takes the free number', () => {
  using ns = new TaskNamespace();
  ns.sh(gatewayScene);
  ns.converge(aliases, args);
  ns.converge(aliases, { interface: 'eth1', addresses: ['203.0.113.11', '203.0.113.13'] });
  expect(addresses(ns, 'eth1').slice(1)).toEqual([
    '203.0.113.11/24 brd 203.0.113.255 eth1:0',
    '203.0.113.13/24 brd 203.0.113.255 eth1:2',
  ]);
  ns.converge(aliases, { interface: 'eth1', addresses: ['203.0.113.20', '203.0.113.11', '203.0.113.13'] });
  expect(addresses(ns, 'eth1')).toContain('203.0.113.20/24 brd 203.0.113.255 eth1:1');
});

test("busybox' ash, sed and grep do the same", () => {
  using ns = new TaskNamespace();
  ns.sh(gatewayScene + (starts['the wrong interface'] ?? ''));
  ns.shell = ['busybox', 'ash'];
  for (const tool of ['sed', 'grep', 'sort', 'wc']) ns.shim(tool, `#!/bin/sh\nexec busybox ${tool} "$@"\n`);
  const before = everything(ns);
  const { from, to } = ns.converge(aliases, args);
  expect(addresses(ns, 'eth1').toSorted()).toEqual(wanted);
  ns.apply(aliases, to, from);
  expect(everything(ns)).toEqual(before);
});

test('a neighbour hears of a new address', () => {
  using ns = new TaskNamespace();
  using peer = new TaskNamespace();
  ns.sh(`${gatewayScene}\nip link set peer1 netns ${peer.name}`);
  peer.sh(`ip link set peer1 up; ip addr add 203.0.113.1/24 dev peer1
echo 1 >/proc/sys/net/ipv4/conf/peer1/arp_accept`);
  ns.converge(aliases, args);
  const heard = peer.sh(`for i in 1 2 3 4 5 6 7 8 9 10; do
ip neigh show dev peer1 | grep -q 203.0.113.13 && break; sleep 0.3; done; ip neigh show dev peer1`);
  expect(heard).toMatch(/203\.0\.113\.13 lladdr/);
});

test('a change that stopped half-way is undone by the same script', () => {
  using ns = new TaskNamespace();
  ns.sh(`${gatewayScene}\nip addr add 203.0.113.77/24 brd + dev eth1 label eth1:7`);
  const before = everything(ns);
  const from = ns.present(aliases, args);
  const wanted = aliases.desired(args, { kind: 'present', state: from }, ns.facts());
  if (wanted.kind !== 'state' || wanted.state === null) throw new Error(JSON.stringify(wanted));
  ns.sh('ip addr add 203.0.113.12/24 brd + dev eth1 label eth1:1; ip addr del 203.0.113.77/24 dev eth1');
  ns.apply(aliases, wanted.state, from);
  expect(everything(ns)).toEqual(before);
});

test('a missing interface and one without an address are refused in words', () => {
  using ns = new TaskNamespace();
  ns.sh(`${gatewayScene}\nip addr flush dev eth2`);
  const refusal = (device: string): string => {
    const one = { ...args, interface: device };
    const wanted = aliases.desired(one, ns.observe(aliases, one), ns.facts());
    return wanted.kind === 'refused' ? wanted.why : 'not refused';
  };
  expect(refusal('eth9')).toMatch(/there is no interface eth9 on the host; it has .*eth1/);
  expect(refusal('eth2')).toBe('eth2 has no IPv4 address; aliases need a primary to stand beside');
});

test('from generated states of a host the plan after the apply is empty, and undo is exact', () => {
  const one = fc.record({
    last: fc.integer({ min: 9, max: 16 }),
    prefix: fc.constantFrom(24, 24, 24, 25, 32),
    device: fc.constantFrom('eth1', 'eth1', 'eth1', 'eth2', 'lo'),
    label: fc.constantFrom('', ':0', ':1', ':2', ':9', ':vip'),
  });
  const pool = fc.uniqueArray(fc.integer({ min: 9, max: 16 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 7 }), pool, (held, last) => {
      using ns = new TaskNamespace();
      const adds = held.map(
        ({ last: n, prefix, device, label }) =>
          `ip addr add 203.0.113.${n}/${prefix} brd + dev ${device} label ${device}${label} 2>/dev/null || :`,
      );
      ns.sh(`${gatewayScene}\nip addr add 192.0.2.1/24 dev eth2\n${adds.join('\n')}`);
      const before = everything(ns);
      const { from, to } = ns.converge(aliases, {
        interface: 'eth1',
        addresses: last.map((n) => `203.0.113.${n}`),
      });
      ns.apply(aliases, to, from);
      expect(everything(ns)).toEqual(before);
    }),
    { numRuns: 25 },
  );
});
