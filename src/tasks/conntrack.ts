/**
 * A connection table that fits the pool. What a host does not let us set (the table's size inside a network namespace,
 * a module that is missing) is a note with what it means for capacity, never a failure and never an endless change.
 * One task type, one file: schema, state, sizing notes and scripts are read beside each other, so it is long.
 */
import { type Static, Type } from '@sinclair/typebox';
import { readPool } from '../address/pool.ts';
import type { Output } from '../shell/frames.ts';
import { block, nothing, type Script, sh, subshell } from '../shell/sh.ts';
import { sysctlSyntax } from './boot/sysctl-syntax.ts';
import { notLoaded, unsettable } from './conntrack-notes.ts';
import { pathKeys, pathWish } from './conntrack-path.ts';
import { conntrackWish, costNotes, maxKey, settingKeys } from './conntrack-size.ts';
import type { Facts } from './facts.ts';
import { interfaceName } from './network-args.ts';
import { foldedValue, readValues, type SysctlValues, sysctlPath, valuesProbe, written } from './proc-sys.ts';
import type { ArgsProblem, BootFile, Change, Note, Observation, TaskType, Wanted } from './task-type.ts';

const seconds = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description: `Seconds for ${what}` }));

const timeouts = Type.Object(
  {
    tcp_syn_sent: seconds('a TCP attempt without an answer'),
    tcp_syn_recv: seconds('a TCP handshake without its end'),
    tcp_established: seconds('an established TCP connection that is silent'),
    tcp_fin_wait: seconds('TCP closed by one side'),
    tcp_close_wait: seconds('TCP closed by the other side'),
    tcp_last_ack: seconds('TCP that waits for the last acknowledgement'),
    tcp_time_wait: seconds('TCP that is closed'),
    udp: seconds('UDP in one direction'),
    udp_stream: seconds('UDP in both directions'),
    icmp: seconds('ICMP'),
    generic: seconds('other protocols'),
  },
  { additionalProperties: false, minProperties: 1 },
);

const schema = Type.Object(
  {
    pool: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
      description: 'The SNAT addresses: a range A-B, a CIDR, or a list. The table is sized from their number',
    }),
    max: Type.Optional(
      Type.Integer({
        minimum: 1024,
        description:
          'Entries at most, instead of the number from the pool. It never lowers what the host has',
      }),
    ),
    buckets: Type.Optional(
      Type.Integer({
        minimum: 1024,
        description: 'Hash buckets, rounded up to whole pages; as many as entries if not given',
      }),
    ),
    timeouts: Type.Optional(
      Type.Union([Type.Literal('gateway'), Type.Literal('quick'), Type.Literal('kernel'), timeouts], {
        description:
          'A profile (`gateway`, the default; `quick`; `kernel`: leave them as they are), or seconds by name on top of `gateway`',
      }),
    ),
    neighbours: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Hosts on the same link: raises the thresholds of the neighbour table to hold them (2,000 where the subnet of `internal` holds more than a thousand)',
      }),
    ),
    internal: Type.Optional(interfaceName('The private side: redirects off, reverse path check, neighbours')),
    external: Type.Optional(interfaceName('The public side: redirects off, reverse path check')),
    reverse_path: Type.Optional(
      Type.Union([Type.Literal('strict'), Type.Literal('loose'), Type.Literal('kernel')], {
        description:
          'Whether a source must be reachable by the interface it comes in by: `strict` (default; loose where the routes are asymmetric), `loose`, `kernel`: leave it',
      }),
    ),
  },
  { additionalProperties: false },
);

export type ConntrackArgs = Static<typeof schema>;

/** `locked`: there, and not to be set from here. Where `loaded` is false there are no values of the table. */
export type ConntrackState = Readonly<{
  loaded: boolean;
  /** Not loaded, and the host has no such module or does not let us load it. */
  unloadable: boolean;
  values: SysctlValues;
  locked: readonly string[];
  wayOut: string;
  /** The lines of our file at boot, where there is one: a way back writes these again, and not all that was seen. */
  kept?: readonly string[];
}>;

const bootPath = '/etc/sysctl.d/99-zz-gwfleet-conntrack.conf';

const doc = `Sizes the connection table from the pool, and lets silent connections give their ports back in time.

**Size.** Each address has 64,512 ports for one destination, so a full pool needs that many entries an address. Wanted
is the next power of two, at least 262,144; memory caps it (one sixteenth of the RAM at 400 bytes an entry, with a
warning). What the host has already is never lowered. Buckets are as many as entries, since each is in the table twice.
\`max\` and \`buckets\` overrule the formula.

**Timeouts.** \`gateway\` sets \`tcp_timeout_established\` to 7,440 seconds (the least that RFC 5382 allows; the kernel's
five days keep the ports of vanished peers), and on kernels before 6.5, which do not reuse such ports early,
\`time_wait\`, \`fin_wait\` and \`last_ack\` to 30. \`quick\` sets these and \`syn_sent\`, \`syn_recv\` to 30 on every kernel:
for APIs that die often. \`kernel\` leaves all as they are. \`nf_conntrack_tcp_loose\` is always 1: with 0 a connection
that another gateway has begun would be INVALID here, and no takeover could keep it.

**The two sides.** With \`internal\` and \`external\` named, both get a strict reverse path check (\`rp_filter\` 1), so
nobody outside can pretend to be inside; where the default route does not leave by \`external\`, or the way in comes by
one interface and leaves by the other, the check is loose (2), because a strict one would drop good packets. Redirects
are neither sent nor heeded: a gateway that is left for another one would send its webservers back. A fleet on one link
larger than the kernel's neighbour table (1,024 hosts) gets room for 16,384.

**What cannot be set.** The table's size belongs to the root network namespace; in a container or another namespace it
is read-only. Then the value stays, and the plan says what it means. Where the module nf_conntrack is not loaded, it is
loaded first; an undo does not unload it.`;

export const conntrack: TaskType<ConntrackArgs, ConntrackState> = {
  name: 'conntrack',
  summary: 'A connection table that fits the pool, and timeouts that free its ports',
  doc,
  examples: [
    { title: 'Fit for six addresses', args: { pool: '203.0.113.10-203.0.113.15' } },
    {
      title: 'Many busy destinations, and clients that vanish',
      args: { pool: ['203.0.113.16/29'], max: 2_097_152, timeouts: 'quick', neighbours: 2000 },
    },
    {
      title: 'With the two sides of the gateway',
      args: { pool: '203.0.113.10-203.0.113.15', internal: 'eth0', external: 'eth1' },
    },
    {
      title: 'One timeout of our own',
      args: { pool: '203.0.113.10', timeouts: { tcp_established: 14_400 } },
    },
  ],
  schema,
  problems,
  object: () => 'conntrack table',
  probe,
  read,
  desired,
  changes,
  apply,
  boot,
  bootName: () => 'gwfleet-conntrack',
  undo: 'turned',
  touches: 'reachability',
};

function problems({ pool }: ConntrackArgs): readonly ArgsProblem[] {
  const reading = readPool(pool);
  if (!('problem' in reading)) return [];
  return [{ path: typeof pool === 'string' ? ['pool'] : ['pool', reading.part], message: reading.problem }];
}

// Opening for append writes nothing, and tells what `test -w` of busybox does not: root is not always let in.
function probe(args: ConntrackArgs): Script {
  const paths = settingKeys(args).map(sysctlPath);
  return block(
    sh`printf 'probed\n'`,
    sh`if [ ! -e ${sysctlPath(maxKey)} ] && ! ( ${loadable} ) >/dev/null 2>&1; then printf 'unloadable\n'; fi`,
    sh`if [ -e /proc/sys/net/core/netdev_max_backlog ]; then printf 'root-namespace\n'; fi`,
    pathKeys(args).length === 0
      ? nothing
      : sh`printf '~ way-out %s\n' "$(ip -4 -o route show default 2>/dev/null | sed -n '1s/.* dev \([^ ]*\).*/\1/p')"`,
    sh`for path in ${paths}; do if [ -e "$path" ] && ! true >>"$path"; then printf 'locked %s\n' "$path"; fi; done 2>/dev/null`,
    sh`if [ -r ${bootPath} ]; then sed -n 's/^\([A-Za-z0-9_./-]* = [0-9]*\)$/~ kept \1/p' ${bootPath}; fi`,
    valuesProbe(settingKeys(args)),
  );
}

/** Whether the module is there, and whether we may load it (CAP_SYS_MODULE): a container often may not. */
const loadable = sh`{ modprobe -n -q nf_conntrack || modprobe -q -D nf_conntrack; } && case $(sed -n 's/^CapEff:[[:blank:]]*//p' /proc/self/status) in *[13579bdf]????) ;; *) exit 1 ;; esac`;

function read(output: Output, args: ConntrackArgs): Observation<ConntrackState> {
  const lines = output.stdout.split('\n');
  if (lines[0] !== 'probed')
    return {
      kind: 'unknown',
      why: `the probe did not run: ${foldedValue(output.stderr) || 'it said nothing'}`,
    };
  const keys = settingKeys(args);
  const found = readValues(output, keys);
  const values = Object.fromEntries(Object.entries(found).filter(([, value]) => /^\d{1,15}$/.test(value)));
  const loaded = values[maxKey] !== undefined;
  const wayOut = /^~ way-out (\S+)$/m.exec(output.stdout)?.[1] ?? '';
  const shut = keys.filter((key) => lines.includes(`locked ${sysctlPath(key)}`));
  const file = lines.flatMap((line) => /^~ kept ([\w./-]+ = \d{1,15})$/.exec(line)?.[1] ?? []);
  const kept = file.length === 0 ? {} : { kept: file };
  if (loaded)
    return { kind: 'present', state: { loaded, unloadable: false, values, locked: shut, wayOut, ...kept } };
  const rooted = lines.includes('root-namespace');
  const locked = rooted ? shut : [...new Set([...shut, ...keys.filter(ofTable)])];
  const path = Object.entries(values).filter(([key]) => pathKeys(args).includes(key));
  const unloadable = lines.includes('unloadable');
  return { kind: 'present', state: { loaded, unloadable, values: Object.fromEntries(path), locked, wayOut } };
}

/** The size of the table is the root namespace's alone. */
function ofTable(key: string): boolean {
  return /nf_conntrack_(?:max|buckets)$|gc_thresh/.test(key);
}

function desired(
  args: ConntrackArgs,
  seen: Observation<ConntrackState>,
  facts: Facts,
): Wanted<ConntrackState> {
  if (seen.kind === 'unknown') return { kind: 'refused', why: seen.why };
  const now = seen.kind === 'present' ? seen.state : nothingSeen;
  if (!now.loaded && (now.unloadable || !facts.tools.includes('modprobe')))
    return { kind: 'state', state: now, notes: [notLoaded(args, facts)] };
  const size = conntrackWish(args, now.values, facts);
  const path = pathWish(args, { now: now.values, wayOut: now.wayOut, facts });
  const wish = { values: { ...size.values, ...path.values }, notes: [...size.notes, ...path.notes] };
  const values: Record<string, string> = {};
  const notes: Note[] = [...wish.notes];
  for (const [key, value] of Object.entries(wish.values)) {
    const present = now.values[key];
    if (now.locked.includes(key) || (now.loaded && present === undefined)) {
      if (present !== undefined) values[key] = present;
      if (present !== value) notes.push(unsettable(key, { wanted: value, present, args }));
    } else values[key] = value;
  }
  return {
    kind: 'state',
    state: { loaded: true, unloadable: false, values, locked: now.locked, wayOut: now.wayOut },
    notes: [...notes, ...costNotes(values, now.values)],
  };
}

const nothingSeen: ConntrackState = {
  ...{ loaded: false, unloadable: false, values: {}, locked: [], wayOut: '' },
};

function changes(from: ConntrackState | null, to: ConntrackState | null): readonly Change[] {
  const loads = to?.loaded === true && from?.loaded !== true;
  const module: Change = { action: 'create', kind: 'module', name: 'nf_conntrack', to: 'loaded' };
  return [
    ...(loads ? [module] : []),
    ...differing(from, to).map(([name, value]): Change => {
      const before = from?.values[name];
      const known = before === undefined ? {} : { from: before };
      return { action: 'update', kind: 'conntrack', name, ...known, to: value };
    }),
  ];
}

function apply(from: ConntrackState | null, to: ConntrackState | null): Script {
  const differ = differing(from, to);
  const loads = to?.loaded === true && from?.loaded !== true;
  if (!loads) return differ.length === 0 ? nothing : written(differ);
  return subshell(block(sh`modprobe nf_conntrack || exit 1`, written(differ)));
}

/** A key that was there but not in the state we come from was never ours: an undo leaves it. */
function differing(from: ConntrackState | null, to: ConntrackState | null): readonly [string, string][] {
  const ours = (key: string): boolean => from?.loaded !== true || from.values[key] !== undefined;
  return Object.entries(to?.values ?? {}).filter(([key, value]) => ours(key) && from?.values[key] !== value);
}

/** The module is loaded before the sysctls: they do not exist without it. */
function boot(to: ConntrackState | null): readonly BootFile[] {
  if (to?.loaded !== true) return [];
  const own = Object.entries(to.values).filter(([key]) => !to.locked.includes(key));
  const lines = to.kept ?? own.map(([key, value]) => `${key} = ${value}`);
  const head = '# Written by gwfleet.';
  return [
    { path: '/etc/modules-load.d/gwfleet-conntrack.conf', mode: 0o644, content: `${head}\nnf_conntrack\n` },
    {
      path: bootPath,
      mode: 0o644,
      content: `${[head, ...lines].join('\n')}\n`,
      check: sysctlSyntax,
    },
  ];
}
