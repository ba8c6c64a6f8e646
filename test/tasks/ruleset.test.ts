import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RulesetState } from '../../src/tasks/ruleset/state.ts';
import { type RulesetArgs, ruleset } from '../../src/tasks/ruleset.ts';
import type { WayIn } from '../../src/tasks/way-in.ts';
import { facts } from './samples.ts';

const args: RulesetArgs = {
  internal: 'eth0',
  external: 'eth1',
  network: '10.0.0.0/8',
  pool: '203.0.113.10-203.0.113.13',
};

function seen(name: string, how: Partial<RulesetArgs> = {}): RulesetState {
  const stdout = readFileSync(new URL(`captures/${name}.txt`, import.meta.url), 'utf8');
  const observation = ruleset.read({ code: 0, stdout, stderr: '' }, { ...args, ...how });
  if (observation.kind !== 'present') throw new Error(JSON.stringify(observation));
  return observation.state;
}

function wanted(from: RulesetState, how: Partial<RulesetArgs> = {}, host = facts): RulesetState {
  const to = ruleset.desired({ ...args, ...how }, { kind: 'present', state: from }, host);
  if (to.kind === 'refused' || to.state === null) throw new Error(JSON.stringify(to));
  return to.state;
}

function rulesOf(how: Partial<RulesetArgs>, chain: string): readonly string[] {
  const to = ruleset.desired({ ...args, ...how }, { kind: 'absent' }, facts);
  if (to.kind === 'refused') throw new Error(to.why);
  return to.state?.chains.find(({ name }) => name === chain)?.rules ?? [];
}

describe.each(['nft', 'legacy'])('what %s saves', (backend) => {
  test('is the wanted state, and nothing is left to do', () => {
    const from = seen(`ruleset-hardened-${backend}`);
    expect(from).toEqual(wanted(from));
    expect(ruleset.changes(from, wanted(from))).toEqual([]);
  });

  test('with leftovers of 2007 has lines for chains, jumps and the policy', () => {
    const from = seen(`ruleset-leftovers-${backend}`);
    const lines = ruleset.changes(from, wanted(from));
    expect(lines.map(({ action, name, from: old, to }) => [action, name, old, to])).toEqual([
      ['create', 'GWFLEET-SNAT', undefined, '4 rules'],
      ['create', 'GWFLEET-FORWARD', undefined, '6 rules'],
      ['create', 'GWFLEET-INPUT', undefined, '2 rules'],
      ['update', 'FORWARD', 'rule at 2, rule at 3', 'jump to GWFLEET-FORWARD at 1'],
      ['create', 'INPUT', undefined, 'jump to GWFLEET-INPUT at 1'],
      ['create', 'POSTROUTING', undefined, 'jump to GWFLEET-SNAT at 1'],
      ['update', 'FORWARD policy', 'ACCEPT', 'DROP'],
      [
        'create',
        'leak guard',
        undefined,
        'oifname "eth1" ip saddr { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 } counter drop',
      ],
    ]);
  });

  test('as whole tables names in a danger what the recipe of 2007 takes away', () => {
    const how = { style: 'seed', spread: 'range' } as const;
    const from = seen(`ruleset-whole-${backend}`, how);
    const to = ruleset.desired({ ...args, ...how }, { kind: 'present', state: from }, facts);
    expect(to.kind === 'state' && to.notes).toEqual([
      {
        level: 'danger',
        text: 'style seed holds whole tables: rules of others go from nat POSTROUTING (2), filter FORWARD (2), filter INPUT (1)',
      },
    ]);
  });
});

test('a spelling of the host is read as ours', () => {
  expect(seen('ruleset-spelled')).toEqual(seen('ruleset-hardened-nft'));
});

test('the primary and the way in keep their services, also in the middle of the pool', () => {
  const path = { clientAddress: '192.0.2.9', serverPort: 22, interface: 'eth1', via: null, route: '' };
  const host = { ...facts, managementPath: { ...path, serverAddress: '203.0.113.12' } };
  const rules = wanted(seen('ruleset-leftovers-nft'), {}, host).chains.find(
    ({ name }) => name === 'GWFLEET-INPUT',
  );
  expect(rules?.rules).toEqual([
    '-i eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-i eth1 ! -p icmp -m iprange --dst-range 203.0.113.11-203.0.113.11 -j DROP',
    '-i eth1 ! -p icmp -m iprange --dst-range 203.0.113.13-203.0.113.13 -j DROP',
  ]);
});

describe('an alias that leaves the pool', () => {
  const alias = (n: number, number: number) => ({
    address: `203.0.113.${n}`,
    prefix: 24,
    broadcast: '203.0.113.255',
    label: `eth1:${number}`,
    secondary: true,
  });
  const hostWith = (...aliases: readonly ReturnType<typeof alias>[]) => ({
    ...facts,
    interfaces: facts.interfaces.map((one) =>
      one.name === 'eth1' ? { ...one, addresses: [...one.addresses, ...aliases] } : one,
    ),
  });
  const draining = hostWith(alias(11, 0), alias(12, 1), alias(13, 2));
  const smaller = { pool: ['203.0.113.10', '203.0.113.12'] };
  const before = wanted(seen('ruleset-hardened-nft'));
  const input = (state: RulesetState) => state.chains.find(({ name }) => name === 'GWFLEET-INPUT')?.rules;

  test('stays closed while the host has it, and its being gone is no change', () => {
    const shrunk = wanted(before, smaller, draining);
    expect(input(shrunk)).toEqual(input(before));
    expect(wanted(shrunk, smaller, hostWith(alias(12, 1)))).toEqual(shrunk);
  });

  test('is forgotten by INPUT with the next change of the rules', () => {
    const shrunk = wanted(before, smaller, draining);
    const next = wanted(
      shrunk,
      { pool: ['203.0.113.10', '203.0.113.12', '203.0.113.20'] },
      hostWith(alias(12, 1)),
    );
    expect(input(next)?.slice(1)).toEqual([
      '-i eth1 ! -p icmp -m iprange --dst-range 203.0.113.12-203.0.113.12 -j DROP',
      '-i eth1 ! -p icmp -m iprange --dst-range 203.0.113.20-203.0.113.20 -j DROP',
    ]);
  });

  test('is open all the time where another interface has it too, so that nothing is left to do when it is gone', () => {
    const lo = { name: 'lo', up: true, addresses: [{ ...alias(13, 2), prefix: 32, label: 'lo' }] };
    const also = (host: typeof facts) => ({ ...host, interfaces: [lo, ...host.interfaces] });
    const shrunk = wanted(before, smaller, also(draining));
    expect(input(shrunk)?.slice(1)).toEqual([
      '-i eth1 ! -p icmp -m iprange --dst-range 203.0.113.11-203.0.113.12 -j DROP',
    ]);
    expect(wanted(shrunk, smaller, also(hostWith(alias(12, 1))))).toEqual(shrunk);
  });

  test('opens when somebody gives it to the host as an address of its own', () => {
    const shrunk = wanted(before, smaller, draining);
    const own = { ...alias(13, 2), label: 'eth1' };
    expect(input(wanted(shrunk, smaller, hostWith(alias(12, 1), own)))?.slice(1)).toEqual([
      '-i eth1 ! -p icmp -m iprange --dst-range 203.0.113.12-203.0.113.12 -j DROP',
    ]);
  });
});

describe('the way in', () => {
  const path = { clientAddress: '192.0.2.9', serverPort: 22, via: null, route: 'default' };
  const own = {
    kind: 'own',
    ...path,
    serverAddress: '203.0.113.12',
    interface: 'eth1',
    arrives: 'eth1',
  } as const;
  const from = seen('ruleset-leftovers-nft');
  const touch = (way: WayIn, to: RulesetState = wanted(from), before = from) =>
    (ruleset.wayIn?.(before, to, way, facts) ?? []).map(({ kind, text }) => `${kind}: ${text}`);

  test('by an address of the pool that nobody kept open is cut by INPUT', () => {
    expect(touch(own)).toEqual(['cuts: we came in by 203.0.113.12, and GWFLEET-INPUT closes it']);
    expect(touch({ ...own, serverAddress: '203.0.113.10' })).toEqual([
      'rides: the way in passes GWFLEET-INPUT on eth1',
    ]);
    expect(touch({ ...own, serverAddress: '10.0.0.1', arrives: 'eth0', interface: 'eth0' })).toEqual([]);
  });

  test('whose answers leave by the public side with a private source is cut by the leak guard', () => {
    expect(touch({ ...own, serverAddress: '10.0.0.1', arrives: 'eth0' })).toEqual([
      'cuts: our answers leave by eth1 with the private source 10.0.0.1, and the leak guard drops such',
    ]);
    const there = wanted(from);
    expect(touch({ ...own, serverAddress: '10.0.0.1', arrives: 'eth0' }, there, there)).toEqual([]);
  });

  test('to another host through this one is cut by FORWARD, but for the seed from inside', () => {
    const way = {
      kind: 'forwarded',
      host: 'web01',
      clientAddress: '198.51.100.9',
      serverAddress: '10.0.1.1',
      clientSide: 'eth1',
      hostSide: 'eth0',
    } as const;
    const text =
      'cuts: the way in to web01 is forwarded here from 198.51.100.9, and these rules of FORWARD drop it';
    expect(touch(way)).toEqual([text]);
    const seed = wanted(from, { style: 'seed', spread: 'range' });
    const seeded = { ...seed, owner: { ...seed.owner, style: 'seed' as const } };
    expect(touch(way, seeded)).toEqual([text]);
    expect(touch({ ...way, clientAddress: '10.9.0.1', clientSide: 'eth0' }, seeded)).toEqual([]);
  });
});

test('each spread makes the rules that were measured', () => {
  const pool = '203.0.113.11-203.0.113.13';
  const from = '-s 10.0.0.0/8 -o eth1';
  expect(rulesOf({ pool }, 'GWFLEET-SNAT')).toEqual([
    `${from} -m statistic --mode nth --every 3 --packet 0 -j SNAT --to-source 203.0.113.11 --random-fully`,
    `${from} -m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 203.0.113.12 --random-fully`,
    `${from} -j SNAT --to-source 203.0.113.13 --random-fully`,
  ]);
  expect(rulesOf({ pool, spread: 'hash' }, 'GWFLEET-SNAT')).toEqual([
    `${from} -m mark --mark 0x100 -j SNAT --to-source 203.0.113.11`,
    `${from} -m mark --mark 0x101 -j SNAT --to-source 203.0.113.12`,
    `${from} -j SNAT --to-source 203.0.113.13`,
  ]);
  expect(rulesOf({ pool, spread: 'client' }, 'GWFLEET-SNAT')).toEqual([
    `${from} -j SNAT --to-source 203.0.113.11-203.0.113.13 --persistent`,
  ]);
  expect(rulesOf({ pool, spread: 'range' }, 'GWFLEET-SNAT')).toEqual([
    `${from} -j SNAT --to-source 203.0.113.11-203.0.113.13`,
  ]);
  expect(rulesOf({ pool: '203.0.113.11' }, 'GWFLEET-SNAT')).toEqual([
    `${from} -j SNAT --to-source 203.0.113.11 --random-fully`,
  ]);
});

test('sticky rules come before the others', () => {
  const sticky = [{ to: '198.51.100.7' }, { port: 25, protocol: 'tcp' as const }];
  expect(rulesOf({ sticky }, 'GWFLEET-SNAT').slice(0, 2)).toEqual([
    '-s 10.0.0.0/8 -d 198.51.100.7/32 -o eth1 -j SNAT --to-source 203.0.113.10-203.0.113.13 --persistent',
    '-s 10.0.0.0/8 -o eth1 -p tcp -m tcp --dport 25 -j SNAT --to-source 203.0.113.10-203.0.113.13 --persistent',
  ]);
});

test('sticky is read as the inventory writes it, too', () => {
  const spoken = rulesOf({ sticky: ['198.51.100.0/24', '192.0.2.7', 21, 'udp/5060'] }, 'GWFLEET-SNAT');
  const written = rulesOf(
    {
      sticky: [
        ...[{ to: '198.51.100.0/24' }, { to: '192.0.2.7' }],
        ...(['tcp', 'udp'] as const).map((protocol) => ({ port: 21, protocol })),
        { port: 5060, protocol: 'udp' },
      ],
    },
    'GWFLEET-SNAT',
  );
  expect(spoken).toEqual(written);
  expect(spoken).toHaveLength(5 + 4);
});

test.each([
  ['a sticky port that is none', { sticky: ['tcp/70000'] }, '70000 is not a port'],
  ['a sticky word that is nothing', { sticky: ['bank'] }, "'bank' is not an IPv4 address"],
  [
    'a pool with a gap',
    { spread: 'range', pool: ['203.0.113.10', '203.0.113.12'] },
    'one range without gaps',
  ],
  ['a network of everything', { network: '0.0.0.0/0' }, 'every address there is'],
  ['one interface for both sides', { external: 'eth0' }, 'internal and external are both eth0'],
  ['a destination that is no network', { sticky: [{ to: '10.1' }] }, "'10.1' is not an IPv4 address"],
] as const)('%s is a mistake', (_name, how, message) => {
  const problems = ruleset.problems({ ...args, ...(how as Partial<RulesetArgs>) });
  expect(problems.map((problem) => problem.message).join()).toContain(message);
});

test('both backends with rules is unknown, with both heads', () => {
  const stderr = 'both iptables backends hold rules ...\nnft:\n-A INPUT -j X\nlegacy:\n-A INPUT -j Y\n';
  const observation = ruleset.read({ code: 3, stdout: '', stderr }, args);
  expect(observation.kind === 'unknown' && observation.why).toContain(
    'nft:; -A INPUT -j X; legacy:; -A INPUT -j Y',
  );
});

describe('every rule that is loaded stands in the manual with its reason', () => {
  const rows = new Map(
    ruleset.doc
      .split('\n')
      .flatMap((line) => [...(/^\| (\S+) \| `(.*)` \| (.*) \|$/.exec(line) ?? [])].slice(1).join('\0') || [])
      .map((row) => row.split('\0'))
      .map(([chain = '', rule = '', why = '']) => [`${chain} ${rule}`, why]),
  );
  const reasonOf = (chain: string, rule: string) => rows.get(`${chain} ${rule}`) ?? '';
  const how = {
    ...{ pool: '203.0.113.11-203.0.113.13', network: '10.0.0.0/8' },
    sticky: [{ to: '198.51.100.0/24' }, { port: 25, protocol: 'tcp' as const }],
  };
  const all = [
    ...(['connection', 'hash', 'client', 'range'] as const).map((spread) => ({ ...how, spread })),
    { ...how, spread: 'range' as const, style: 'seed' as const },
  ];

  test.each(all)('%j', (given) => {
    const to = ruleset.desired({ ...args, ...given }, { kind: 'absent' }, facts);
    if (to.kind === 'refused' || to.state === null) throw new Error(JSON.stringify(to));
    const { chains, hooks, policy, leakGuard } = to.state;
    const loaded = [
      ...chains.flatMap(({ name, rules }) => rules.map((rule) => [name, rule])),
      ...hooks.map(({ chain, rule }) => [chain, rule]),
      ['FORWARD', `policy ${policy}`],
      ...(leakGuard === null ? [] : [['gwfleet_leak_guard', leakGuard]]),
    ] as [string, string][];
    expect(loaded.length).toBeGreaterThan(4);
    for (const [chain, rule] of loaded)
      expect(reasonOf(chain, rule).length, `${chain} ${rule}`).toBeGreaterThan(10);
    expect(leakGuard === null).toBe('style' in given);
  });

  test('and no row is there for nothing', () => {
    expect(rows.size).toBeGreaterThan(25);
    for (const why of rows.values()) expect(why.trim().length).toBeGreaterThan(10);
  });
});
