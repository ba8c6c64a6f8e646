import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RulesetArgs, ruleset } from '../../src/tasks/ruleset.ts';
import { type Backend, gatewayScene, TaskNamespace } from './task-namespace.ts';

const args: RulesetArgs = {
  internal: 'eth0',
  external: 'eth1',
  network: '10.0.0.0/8',
  pool: '203.0.113.10-203.0.113.13',
};

/** Docker-like and fail2ban-like: chains, jumps, comments with quotes, a policy that is not ours. */
const foreign = `*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 192.168.7.0/24 -o eth2 -j SNAT --to-source 192.0.2.1
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
:f2b-sshd - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A INPUT -m comment --comment "says \\"-j GWFLEET-INPUT\\" to nobody" -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
-A f2b-sshd -s 198.51.100.9/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
COMMIT
`;

const jumps = `-A POSTROUTING -j GWFLEET-SNAT`;

/** Starts in the words of issue and design; every one is loaded on top of the foreign rules. */
const starts: Readonly<Record<string, string>> = {
  'nothing of ours': '',
  'half deleted': `*nat
:GWFLEET-SNAT - [0:0]
-A GWFLEET-SNAT -s 10.0.0.0/8 -o eth1 -j SNAT --to-source 203.0.113.10 --random-fully
${jumps}
COMMIT
*filter
:GWFLEET-FORWARD - [0:0]
COMMIT
`,
  'another order and foreign rules between': `*filter
:GWFLEET-FORWARD - [0:0]
:GWFLEET-INPUT - [0:0]
-A GWFLEET-FORWARD -i eth1 -j DROP
-A GWFLEET-FORWARD -i eth0 -j DROP
-A GWFLEET-FORWARD -s 192.168.0.0/16 -j ACCEPT
-A GWFLEET-FORWARD -s 10.0.0.0/8 -i eth0 -o eth1 -j ACCEPT
-A FORWARD -j GWFLEET-FORWARD
-A INPUT -j GWFLEET-INPUT
COMMIT
`,
  'doubled rules and doubled jumps': `*nat
:GWFLEET-SNAT - [0:0]
-A GWFLEET-SNAT -s 10.0.0.0/8 -o eth1 -j SNAT --to-source 203.0.113.10 --random-fully
-A GWFLEET-SNAT -s 10.0.0.0/8 -o eth1 -j SNAT --to-source 203.0.113.10 --random-fully
-A POSTROUTING -j GWFLEET-SNAT
-A POSTROUTING -o eth1 -j GWFLEET-SNAT
-A POSTROUTING -j GWFLEET-SNAT
COMMIT
*filter
:GWFLEET-FORWARD - [0:0]
-A FORWARD -j GWFLEET-FORWARD
-A FORWARD -g GWFLEET-FORWARD
COMMIT
`,
  'the hash spread': `*mangle
:GWFLEET-HASH - [0:0]
-A GWFLEET-HASH -i eth0 -m conntrack --ctstate NEW -j HMARK --hmark-tuple src,dst,sport,dport --hmark-mod 4 --hmark-offset 0x100 --hmark-rnd 0x67776c74
-A PREROUTING -j GWFLEET-HASH
COMMIT
`,
  'the recipe of 2007': `*nat
-A POSTROUTING -o eth1 -j SNAT --to-source 203.0.113.10-203.0.113.13
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -i lo -j ACCEPT
-A FORWARD -s 10.0.0.0/8 -i eth0 -j ACCEPT
-A FORWARD -i eth1 -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
`,
};

const backends: readonly Backend[] = ['nft', 'legacy'];

function scene(backend: Backend, ...loads: readonly string[]): TaskNamespace {
  const ns = new TaskNamespace(backend);
  ns.sh(gatewayScene);
  for (const text of loads) ns.sh(`iptables-${backend}-restore --noflush -w 5 <<'EOF'\n${text}EOF`);
  return ns;
}

/** Everything that is loaded, without counters; a table that holds nothing is as good as none. */
function saved(ns: TaskNamespace, backend: Backend): string {
  return ns
    .sh(`iptables-${backend}-save 2>/dev/null`)
    .split('\n')
    .filter((line) => line !== '' && !/^[#*]|^COMMIT|^:\S+ ACCEPT/.test(line))
    .map((line) => line.replace(/^(:.*) \[.*\]$/, '$1'))
    .toSorted((left, right) => (chainOf(left) < chainOf(right) ? -1 : chainOf(left) > chainOf(right) ? 1 : 0))
    .join('\n');
}

function chainOf(line: string): string {
  return line.startsWith(':') ? line : `~${line.split(' ')[1] ?? ''}`;
}

function others(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^:FORWARD|GWFLEET-(?!INPUT\\")/.test(line))
    .join('\n');
}

describe.each(backends)('ruleset under %s', (backend) => {
  test.each(Object.entries(starts))('converges from: %s', (_name, start) => {
    using ns = scene(backend, foreign, start);
    using clean = scene(backend, foreign);
    const before = saved(ns, backend);
    const { from, to } = ns.converge(ruleset, args);
    expect(to.backend).toBe(backend);
    const after = saved(ns, backend);
    expect(others(after)).toBe(others(saved(clean, backend)));
    expect(ns.sh(`iptables-${backend} -S FORWARD 2>/dev/null | sed -n 1,2p`)).toBe(
      '-P FORWARD DROP\n-A FORWARD -j GWFLEET-FORWARD\n',
    );
    expect(after.match(/-j GWFLEET-(SNAT|FORWARD|INPUT|HASH)$|-g GWFLEET/gm)).toHaveLength(3);
    ns.apply(ruleset, to, from);
    expect(saved(ns, backend)).toBe(before);
  });

  test.each(['connection', 'hash', 'client', 'range'] as const)(
    'spread %s is loaded as it is wanted, and every other spread is taken away by it',
    (spread) => {
      using ns = scene(backend, foreign);
      const sticky = [{ to: '198.51.100.7' }, { port: 25, protocol: 'tcp' as const }];
      for (const other of ['hash', 'connection', 'range', spread] as const)
        ns.converge(ruleset, { ...args, spread: other, sticky });
      const text = saved(ns, backend);
      expect(text.includes('GWFLEET-HASH')).toBe(spread === 'hash');
      expect(text.match(/-A GWFLEET-SNAT/g)).toHaveLength(
        spread === 'connection' || spread === 'hash' ? 6 : 3,
      );
    },
  );

  test('a pool of one address, of one that is the primary, and one with gaps', () => {
    using ns = scene(backend);
    ns.converge(ruleset, { ...args, pool: '203.0.113.11', spread: 'hash' });
    ns.converge(ruleset, { ...args, pool: '203.0.113.11', spread: 'range' });
    ns.converge(ruleset, { ...args, pool: '203.0.113.10' });
    expect(saved(ns, backend)).not.toContain('--dst-range');
    ns.converge(ruleset, { ...args, pool: ['203.0.113.8-203.0.113.12', '203.0.113.20'] });
    const ranges = saved(ns, backend).match(/--dst-range \S+/g);
    expect(ranges).toEqual([
      '--dst-range 203.0.113.8-203.0.113.9',
      '--dst-range 203.0.113.11-203.0.113.12',
      '--dst-range 203.0.113.20-203.0.113.20',
    ]);
  });

  test('style seed is the recipe of 2007 and nothing else, and going back and forth leaves nothing behind', () => {
    using ns = scene(backend, foreign, starts['half deleted'] ?? '');
    const before = saved(ns, backend);
    const seed: RulesetArgs = { ...args, style: 'seed', spread: 'range' };
    const { from, to, notes } = ns.converge(ruleset, seed);
    expect(notes[0]?.level).toBe('danger');
    expect(notes[0]?.text).toContain('filter f2b-sshd (2)');
    expect(saved(ns, backend).split('\n')).toEqual([
      ':FORWARD DROP',
      '-A FORWARD -i lo -j ACCEPT',
      '-A FORWARD -s 10.0.0.0/8 -i eth0 -j ACCEPT',
      '-A FORWARD -i eth1 -m state --state RELATED,ESTABLISHED -j ACCEPT',
      '-A POSTROUTING -o eth1 -j SNAT --to-source 203.0.113.10-203.0.113.13',
    ]);
    ns.apply(ruleset, to, from);
    expect(saved(ns, backend)).toBe(before);
    ns.converge(ruleset, { ...args, spread: 'hash' });
    ns.converge(ruleset, seed);
    expect(saved(ns, backend)).not.toContain('GWFLEET');
    ns.converge(ruleset, args);
    expect(saved(ns, backend)).not.toMatch(/--state|-i lo|-A POSTROUTING -o eth1/);
  });

  test('an undo after a change that stopped half-way, with new rules of others meanwhile', () => {
    using ns = scene(backend, foreign, starts['doubled rules and doubled jumps'] ?? '');
    const from = ns.present(ruleset, args);
    const wanted = ruleset.desired(args, { kind: 'present', state: from }, ns.facts());
    if (wanted.kind !== 'state' || wanted.state === null) throw new Error(JSON.stringify(wanted));
    const before = saved(ns, backend);
    ns.sh(`iptables-${backend} -t nat -F GWFLEET-SNAT; iptables-${backend} -P FORWARD DROP
iptables-${backend} -A f2b-sshd -s 198.51.100.10 -j DROP`);
    ns.apply(ruleset, wanted.state, from);
    ns.sh(`iptables-${backend} -D f2b-sshd -s 198.51.100.10 -j DROP`);
    expect(saved(ns, backend)).toBe(before);
  });

  test('what fail2ban and docker do meanwhile does not move the bytes of the probe', () => {
    using ns = scene(backend, foreign);
    ns.converge(ruleset, args);
    const before = ns.run(ruleset.probe(args)).stdout;
    ns.sh(`iptables-${backend} -I f2b-sshd -s 198.51.100.77 -j DROP; iptables-${backend} -A FORWARD -i docker1 -j DROP
iptables-${backend} -N ANY; ping -c 1 127.0.0.1 >/dev/null`);
    expect(ns.run(ruleset.probe(args)).stdout).toBe(before);
  });
});

test('a host on which both backends hold rules is not touched, and both heads are shown', () => {
  using ns = scene('nft', foreign);
  ns.sh('iptables-legacy -A INPUT -s 198.51.100.1 -j DROP');
  const seen = ns.observe(ruleset, args);
  expect(seen.kind === 'unknown' && seen.why).toMatch(
    /both iptables backends hold rules.*nft:.*DOCKER.*legacy:; -A INPUT -s 198\.51\.100\.1\/32 -j DROP/,
  );
});

test('a host that spells rules in its own way is not different for that', () => {
  using ns = scene('nft', foreign);
  for (const [tool, edit] of [
    ['iptables-nft-save', 's/RELATED,ESTABLISHED/ESTABLISHED,RELATED/; s/ --to-source / --to /'],
    ['iptables-nft-save', 's/^-A \\(GWFLEET[^ ]*\\) -s \\([^ ]*\\) -i eth0/-A \\1 -i eth0 -s \\2/'],
  ] as const) {
    ns.shim(tool, `#!/bin/sh\n/usr/sbin/${tool} "$@" | sed -e '${edit}'\n`);
    ns.converge(ruleset, args);
    const seen = ns.run(ruleset.probe(args)).stdout;
    expect(seen).toContain('\nnormal\n');
    ns.sh('iptables-nft -F GWFLEET-FORWARD');
    expect(ns.converge(ruleset, args).changes.map(({ name }) => name)).toEqual(['GWFLEET-FORWARD']);
  }
});

test('connections that began without a translation are cleared, those to the gateway itself are spared', () => {
  using ns = scene('nft');
  const entry = '-p udp --timeout 300 --sport 1000 --dport 53';
  ns.sh(`conntrack -I -s 10.0.0.20 -d 198.51.100.7 ${entry}
conntrack -I -s 10.0.0.20 -d 10.0.0.9 ${entry}
conntrack -I -s 10.0.0.21 -d 198.51.100.7 -r 198.51.100.7 -q 203.0.113.11 ${entry} --reply-port-src 53 --reply-port-dst 1000`);
  ns.converge(ruleset, args);
  const left = ns
    .sh('conntrack -L 2>/dev/null | grep -o "src=[0-9.]* dst=[0-9.]* sport=1000"')
    .trim()
    .split('\n');
  expect(left.toSorted()).toEqual([
    'src=10.0.0.20 dst=10.0.0.9 sport=1000',
    'src=10.0.0.21 dst=198.51.100.7 sport=1000',
  ]);
});

test('a host that follows no connection and passes nothing on is not asked for its table', () => {
  for (const [before, walks] of [
    ['', false],
    ['echo 1 >/proc/sys/net/ipv4/ip_forward', true],
    [
      'conntrack -I -s 10.0.0.20 -d 10.0.0.9 -p udp --timeout 300 --sport 1000 --dport 53; echo 0 >/proc/sys/net/ipv4/ip_forward',
      true,
    ],
  ] as const) {
    using ns = scene('nft');
    ns.sh(before);
    const tool = ns.sh('command -v conntrack').trim();
    const calls = ns.sh('mktemp').trim();
    ns.shim('conntrack', `#!/bin/sh\necho "$*" >>${calls}\nexec ${tool} "$@"\n`);
    ns.converge(ruleset, args);
    expect(ns.sh(`cat ${calls}; rm ${calls}`)).toBe(walks ? '-L -s 10.0.0.0/8\n' : '');
  }
});

test('twenty thousand of them go with one command for each source, and nothing else goes', async () => {
  using ns = scene('nft');
  const line = (n: number, source: number, goal: string, answer = `10.0.1.${source}`): string =>
    `-A -t 600 -p udp -s 10.0.1.${source} -d ${goal} --sport ${1024 + n} --dport 53 -r ${goal} -q ${answer} --reply-port-src 53 --reply-port-dst ${1024 + n}`;
  const entries = Array.from({ length: 20_500 }, (_, n) => {
    if (n >= 20_450) return line(n, 1, '10.0.0.9');
    const goal = `${n % 3 === 0 ? '9' : '198'}.${n % 250}.${n % 7}.1`;
    return n >= 20_000 ? line(n, 2, goal, '203.0.113.11') : line(n, 1 + (n % 25), goal);
  });
  const tool = ns.sh('command -v conntrack').trim();
  ns.sh(`conntrack -R - >/dev/null <<'EOF'\n${entries.join('\n')}\nEOF`);
  expect(ns.sh('conntrack -C').trim()).toBe('20500');
  const calls = ns.sh('mktemp').trim();
  ns.shim('conntrack', `#!/bin/sh\necho "$*" >>${calls}\nexec ${tool} "$@"\n`);
  const began = performance.now();
  ns.converge(ruleset, args);
  // What a slow machine has not done in 20 s goes on in the background.
  while (ns.sh(`${tool} -C`).trim() !== '500') await new Promise((resolve) => setTimeout(resolve, 200));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const deletions = ns.sh(`grep -c -e ^-D ${calls}; rm ${calls}`).trim();
  console.log(
    `20,000 entries without a translation: ${deletions} commands, ${seconds} s with the whole apply`,
  );
  // The first has entries to the gateway, too: one for 8.0.0.0/7 and one for 128.0.0.0/1.
  expect(Number(deletions)).toBe(26);
  const left = ns.sh(`${tool} -L 2>/dev/null`).trimEnd().split('\n');
  expect(left.filter((one) => one.includes('dst=203.0.113.11 '))).toHaveLength(450);
  expect(left.filter((one) => one.includes(' dst=10.0.0.9 '))).toHaveLength(50);
});

test("busybox' ash and awk do the same", () => {
  using ns = scene('nft', foreign, starts['doubled rules and doubled jumps'] ?? '');
  ns.shell = ['busybox', 'ash'];
  for (const tool of ['awk', 'sed', 'grep', 'sort', 'head', 'cat'])
    ns.shim(tool, `#!/bin/sh\nexec busybox ${tool} "$@"\n`);
  const before = saved(ns, 'nft');
  const { from, to } = ns.converge(ruleset, args);
  ns.apply(ruleset, to, from);
  expect(saved(ns, 'nft')).toBe(before);
});

test.each(backends)(
  'what leaves with a private source is dropped behind NAT and counted, under %s',
  (backend) => {
    using ns = scene(backend, foreign);
    ns.sh('nft add table ip mine; nft add chain ip mine c');
    const before = ns.sh('nft -s list table ip mine');
    const { from, to } = ns.converge(ruleset, args);
    ns.sh(
      'ip route add 198.51.100.0/24 via 203.0.113.1; ip neigh add 203.0.113.1 lladdr 02:00:00:00:00:01 dev eth1',
    );
    ns.sh(`iptables-${backend} -t nat -F GWFLEET-SNAT; ping -c 1 -W 1 -I 10.0.0.9 198.51.100.7 || :`);
    expect(ns.sh('nft list table ip gwfleet_leak_guard')).toMatch(/counter packets 1 bytes/);
    const counted = ns.run(ruleset.probe(args)).stdout.match(/^guard.*$/m)?.[0];
    expect(counted).toMatch(/^guard oifname "eth1" ip saddr .* counter drop;$/);
    ns.sh('nft flush chain ip gwfleet_leak_guard postrouting');
    expect(ns.converge(ruleset, args).changes.map(({ name }) => name)).toEqual([
      'GWFLEET-SNAT',
      'leak guard',
    ]);
    ns.apply(ruleset, to, from);
    expect(ns.sh('nft list tables')).not.toContain('gwfleet');
    expect(ns.sh('nft -s list table ip mine')).toBe(before);
    ns.sh('ip addr add 192.168.77.1/24 dev eth1');
    expect(ns.converge(ruleset, args).notes[0]?.text).toContain(
      'no leak guard: eth1 has the private address',
    );
  },
);

test('rules in legacy are found where iptables itself is nft', () => {
  using ns = new TaskNamespace('nft');
  ns.sh(`${gatewayScene}\niptables-legacy -A INPUT -s 198.51.100.1 -j DROP`);
  expect(ns.converge(ruleset, args).to.backend).toBe('legacy');
});

test('from generated rules on a host the plan after the apply is empty, undo is exact, others stay', () => {
  const own = fc.constantFrom(
    '-A GWFLEET-FORWARD -i eth0 -j DROP',
    '-A GWFLEET-FORWARD -i eth9 -j ACCEPT',
    '-A GWFLEET-INPUT -j RETURN',
    '-A INPUT -j GWFLEET-INPUT',
    '-I FORWARD -j GWFLEET-FORWARD',
    '-A FORWARD -j GWFLEET-FORWARD',
    '-A FORWARD -i lo -j ACCEPT',
    '-A FORWARD -s 192.168.1.0/24 -j ACCEPT',
    '-I INPUT -s 192.168.2.0/24 -j DROP',
    '-I FORWARD -s 192.168.3.0/24 -j OTHER',
    '-A OTHER -j RETURN',
  );
  const after = fc.record({
    spread: fc.constantFrom('connection' as const, 'hash' as const, 'range' as const, 'client' as const),
    style: fc.constantFrom('hardened' as const, 'hardened' as const, 'seed' as const),
  });
  const chains = ':GWFLEET-FORWARD - [0:0]\n:GWFLEET-INPUT - [0:0]\n:OTHER - [0:0]\n';
  fc.assert(
    fc.property(
      fc.array(own, { maxLength: 10 }),
      after,
      fc.constantFrom(...backends),
      (rules, how, backend) => {
        using ns = scene(backend, `*filter\n${chains}${rules.join('\n')}\nCOMMIT\n`);
        const before = saved(ns, backend);
        const { from, to } = ns.converge(ruleset, { ...args, ...how });
        const strangers = (text: string): readonly string[] =>
          text.split('\n').filter((line) => /192\.168|OTHER/.test(line));
        if (how.style === 'hardened') expect(strangers(saved(ns, backend))).toEqual(strangers(before));
        ns.apply(ruleset, to, from);
        expect(saved(ns, backend)).toBe(before);
      },
    ),
    { numRuns: 15 },
  );
});
