/**
 * What the contract test runs every task type with: facts of a host, the observations a type may meet, and its
 * examples with hostile text in every place. A new type needs nothing here.
 */
import type { Facts } from '../../src/tasks/facts.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import type { Json, Observation } from '../../src/tasks/task-type.ts';

export const facts: Facts = {
  hostname: 'gw1',
  kernel: '6.1.0-31-amd64',
  bootId: '7b4287d1-5312-43c1-b0cb-2107eb705504',
  uid: 0,
  memoryBytes: 8 * 1024 ** 3,
  tools: [
    ...['ip', 'iptables', 'iptables-save', 'iptables-restore', 'iptables-nft', 'iptables-legacy', 'nft'],
    ...['iptables-nft-save', 'iptables-nft-restore', 'iptables-legacy-save', 'iptables-legacy-restore'],
    ...[
      'conntrack',
      'arping',
      'modprobe',
      'unshare',
      'setsid',
      'timeout',
      'base64',
      'mktemp',
      'curl',
      'ping',
    ],
  ],
  interfaces: [
    {
      name: 'eth0',
      up: true,
      addresses: [
        { address: '10.0.0.1', prefix: 8, broadcast: '10.255.255.255', label: 'eth0', secondary: false },
      ],
    },
    {
      name: 'eth1',
      up: true,
      addresses: [
        {
          address: '203.0.113.10',
          prefix: 24,
          broadcast: '203.0.113.255',
          label: 'eth1',
          secondary: false,
        },
      ],
    },
  ],
  managementPath: {
    clientAddress: '10.9.9.9',
    serverAddress: '10.0.0.1',
    serverPort: 22,
    interface: 'eth0',
    via: null,
    route: '10.0.0.0/8',
  },
};

/** A builtin-only payload: it works even where no program can be found. */
export const canary = 'gwfleet-canary';

export const hostileTexts: readonly string[] = [
  `a; echo >${canary}`,
  `$(echo >${canary})`,
  `\`echo >${canary}\``,
  `'; echo >${canary}; '`,
  `"; echo >${canary}; "`,
  `a\necho >${canary}\n`,
  `a && echo >${canary} #`,
  `GWFLEET\necho >${canary}\nGWFLEET\n`,
  `\\'; echo >${canary}; \\`,
  '-rf',
  '*',
  '',
];

/** The value with one of its strings (or one of its keys) replaced, for every string there is. */
export function poisoned(value: Json, poison: string): readonly Json[] {
  if (typeof value === 'string') return [poison, value + poison];
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    return list.flatMap((item, i) => poisoned(item, poison).map((bad) => list.with(i, bad)));
  }
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Readonly<Record<string, Json>>;
  const entries = Object.entries(object);
  return entries.flatMap(([key, item]) => [
    ...poisoned(item, poison).map((bad) => ({ ...object, [key]: bad })),
    Object.fromEntries(entries.map(([name, other]) => [name === key ? `${key}${poison}` : name, other])),
  ]);
}

/** States to go between for these arguments: nothing, and what is wanted from nothing, each if there is such. */
export function wantedFrom(type: AnyTaskType, args: Json, seen: Observation<Json>): Json {
  const wanted = type.desired(args, seen, facts);
  return wanted.kind === 'state' ? wanted.state : null;
}
