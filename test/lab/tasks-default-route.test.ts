import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultRoute } from '../../src/tasks/default-route.ts';
import { gatewayScene, TaskNamespace } from './task-namespace.ts';

/** The other end of eth0 answers for 10.0.0.1 to 10.0.0.3 from a namespace of its own. */
function scene(extra: string): { ns: TaskNamespace; peer: TaskNamespace; [Symbol.dispose](): void } {
  const ns = new TaskNamespace();
  const peer = new TaskNamespace();
  ns.sh(`${gatewayScene}\nip link set peer0 netns ${peer.name}`);
  peer.sh(
    'ip link set lo up; ip link set peer0 up; for n in 1 2 3; do ip addr add 10.0.0.$n/8 dev peer0; done',
  );
  ns.sh(extra);
  return {
    ns,
    peer,
    [Symbol.dispose]: () => {
      ns[Symbol.dispose]();
      peer[Symbol.dispose]();
    },
  };
}

const routes = (ns: TaskNamespace): readonly string[] =>
  ns
    .sh('ip -4 -o route show default')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const via2 = { via: '10.0.0.2' };

const starts: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'no route': ['', ['default via 10.0.0.2 dev eth0 proto static']],
  'the other gateway': ['ip route add default via 10.0.0.1', ['default via 10.0.0.2 dev eth0']],
  'a metric, a source, a protocol and an mtu': [
    'ip route add default via 10.0.0.1 dev eth0 metric 100 proto static src 10.0.0.9 mtu 1400',
    ['default via 10.0.0.2 dev eth0 proto static src 10.0.0.9 metric 100 mtu 1400'],
  ],
  'two of different metrics': [
    'ip route add default via 10.0.0.1; ip route add default via 10.0.0.3 metric 200',
    ['default via 10.0.0.2 dev eth0'],
  ],
  'two of one metric': [
    'ip route add default via 10.0.0.1 metric 5; ip route append default via 10.0.0.3 metric 5',
    ['default via 10.0.0.2 dev eth0 metric 5'],
  ],
  'two of one metric, ours behind': [
    'ip route add default via 10.0.0.1; ip route append default via 10.0.0.2',
    ['default via 10.0.0.2 dev eth0'],
  ],
  'ours with a higher metric': [
    'ip route add default via 10.0.0.1; ip route add default via 10.0.0.2 metric 100',
    ['default via 10.0.0.2 dev eth0'],
  ],
  'a multipath route': [
    'ip route add default metric 7 nexthop via 10.0.0.1 dev eth0 nexthop via 10.0.0.3 dev eth0 weight 2',
    ['default via 10.0.0.2 dev eth0 metric 7'],
  ],
  'by a device only': ['ip route add default dev eth2', ['default via 10.0.0.2 dev eth0']],
  'a backup by another device': [
    'ip route add default via 10.0.0.1; ip route add default via 203.0.113.1 metric 900',
    ['default via 10.0.0.2 dev eth0', 'default via 203.0.113.1 dev eth1 metric 900'],
  ],
  'a black hole behind it': [
    'ip route add default via 10.0.0.1; ip route add blackhole default metric 999',
    ['default via 10.0.0.2 dev eth0', 'blackhole default metric 999'],
  ],
};

describe('the default route converges from any start, and undo brings the start back', () => {
  test.each(Object.entries(starts))('%s', (_name, [start, after]) => {
    using lab = scene(start);
    const before = routes(lab.ns);
    const others = lab.ns.sh('ip -4 route show table all | grep -v default; ip -4 addr; ip rule');
    const { from, to } = lab.ns.converge(defaultRoute, via2);
    expect(routes(lab.ns)).toEqual(after);
    lab.ns.apply(defaultRoute, to, from);
    expect(routes(lab.ns)).toEqual(before);
    expect(lab.ns.sh('ip -4 route show table all | grep -v default; ip -4 addr; ip rule')).toBe(others);
  });
});

test('there is no moment without a default route', () => {
  using lab = scene('ip route add default via 10.0.0.1; ip route append default via 10.0.0.3');
  const from = lab.ns.present(defaultRoute, via2);
  const wanted = defaultRoute.desired(via2, { kind: 'present', state: from }, lab.ns.facts());
  if (wanted.kind !== 'state' || wanted.state === null) throw new Error(JSON.stringify(wanted));
  const log = lab.ns.sh(`ip monitor route > /tmp/gwfleet-monitor-$$ & m=$!
sleep 0.3
(
${defaultRoute.apply(from, wanted.state).text}
) >&2
sleep 0.3; kill $m; cat /tmp/gwfleet-monitor-$$; rm /tmp/gwfleet-monitor-$$`);
  const events = log.split('\n').filter((line) => line.includes('default') && !line.includes(' table '));
  let held = 2;
  for (const event of events) {
    held += event.startsWith('Deleted') ? -1 : 0;
    expect(held).toBeGreaterThan(0);
  }
  expect(events[0]).toContain('default via 10.0.0.2 dev eth0');
});

test('a next hop that nobody answers for is refused before anything is touched', () => {
  using lab = scene('ip route add default via 10.0.0.1');
  const dead = { via: '10.0.0.77' };
  const wanted = defaultRoute.desired(dead, lab.ns.observe(defaultRoute, dead), lab.ns.facts());
  expect(wanted).toEqual({
    kind: 'refused',
    why: 'nobody answers for 10.0.0.77 on eth0; the default route stays where it is',
  });
});

test('a next hop in no subnet is refused', () => {
  using lab = scene('ip route add default via 10.0.0.1');
  const far = { via: '192.0.2.1' };
  const wanted = defaultRoute.desired(far, lab.ns.observe(defaultRoute, far), lab.ns.facts());
  expect(wanted.kind === 'refused' && wanted.why).toBe(
    '192.0.2.1 is in no subnet of this host (eth0 10.0.0.9/8, eth1 203.0.113.10/24), so it cannot be a next hop',
  );
});

test("busybox' ash, sed and grep do the same", () => {
  using lab = scene(
    'ip route add default via 10.0.0.1 metric 3; ip route append default via 10.0.0.3 metric 3',
  );
  lab.ns.shell = ['busybox', 'ash'];
  for (const tool of ['sed', 'grep', 'head']) lab.ns.shim(tool, `#!/bin/sh\nexec busybox ${tool} "$@"\n`);
  const before = routes(lab.ns);
  const { from, to } = lab.ns.converge(defaultRoute, via2);
  expect(routes(lab.ns)).toEqual(['default via 10.0.0.2 dev eth0 metric 3']);
  lab.ns.apply(defaultRoute, to, from);
  expect(routes(lab.ns)).toEqual(before);
});

test('a change that stopped half-way is undone by the same script', () => {
  using lab = scene(
    'ip route add default via 10.0.0.1 metric 3; ip route append default via 10.0.0.3 metric 3',
  );
  const before = routes(lab.ns);
  const from = lab.ns.present(defaultRoute, via2);
  const wanted = defaultRoute.desired(via2, { kind: 'present', state: from }, lab.ns.facts());
  if (wanted.kind !== 'state' || wanted.state === null) throw new Error(JSON.stringify(wanted));
  lab.ns.sh('ip route replace default via 10.0.0.2 metric 3');
  lab.ns.apply(defaultRoute, wanted.state, from);
  expect(routes(lab.ns)).toEqual(before);
});

test('from generated routes the plan after the apply is empty, and undo is exact', () => {
  const one = fc.record({
    hop: fc.constantFrom(
      '10.0.0.1 dev eth0',
      '10.0.0.2 dev eth0',
      '10.0.0.3 dev eth0',
      '203.0.113.1 dev eth1',
    ),
    metric: fc.constantFrom(0, 0, 100, 200),
    more: fc.constantFrom('', 'proto static', 'src 10.0.0.9', 'mtu 1400', 'onlink'),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), fc.constantFrom('10.0.0.1', '10.0.0.2'), (held, via) => {
      const adds = held.map(
        ({ hop, metric, more }) =>
          `ip route append default via ${hop} metric ${metric} ${more} 2>/dev/null || :`,
      );
      using lab = scene(adds.join('\n'));
      const before = routes(lab.ns);
      const { from, to } = lab.ns.converge(defaultRoute, { via });
      expect(routes(lab.ns)[0]).toContain(`via ${via} dev eth0`);
      lab.ns.apply(defaultRoute, to, from);
      expect(routes(lab.ns)).toEqual(before);
    }),
    { numRuns: 20 },
  );
});

test('is read on a host with the routing table of a large network, and moved there', () => {
  using made = scene('ip route add default via 10.0.0.1');
  const { ns } = made;
  const before = ns.present(defaultRoute, { ...via2, drain: false });
  const batch = Array.from(
    { length: 12_000 },
    (_, n) => `route add 44.${Math.floor(n / 250)}.${n % 250}.0/24 via 10.0.0.3 dev eth0 proto bird`,
  );
  ns.sh(`ip -batch - <<'EOF'\n${batch.join('\n')}\nEOF`);
  expect(Number(ns.sh('ip -4 -o route show table all | wc -c'))).toBeGreaterThan(500_000);
  expect(ns.present(defaultRoute, { ...via2, drain: false }).routes).toEqual(before.routes);
  ns.converge(defaultRoute, { ...via2, drain: false });
  expect(routes(ns)).toEqual(['default via 10.0.0.2 dev eth0']);
});
