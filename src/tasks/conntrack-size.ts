/**
 * How big the connection table should be and how long its entries live: the arithmetic of `conntrack`, without a host.
 * Ports are per destination, entries are not: a pool that is busy towards several destinations needs `max`.
 */
import { readPool } from '../address/pool.ts';
import {
  bucketStep,
  entriesInMemory,
  entryBytes,
  portsPerAddress,
  tableEntries,
} from '../address/pool-size.ts';
import type { ConntrackArgs } from './conntrack.ts';
import { crowdedLink, pathKeys } from './conntrack-path.ts';
import type { Facts } from './facts.ts';
import type { SysctlValues } from './proc-sys.ts';
import { remembered } from './remembered.ts';
import type { Note } from './task-type.ts';

const netfilter = 'net.netfilter.nf_conntrack_';
const neighbour = 'net.ipv4.neigh.default.gc_thresh';
export const maxKey = `${netfilter}max`;
const bucketsKey = `${netfilter}buckets`;

const named: Readonly<Record<string, string>> = { udp: 'udp_timeout', udp_stream: 'udp_timeout_stream' };
const turnover = { tcp_time_wait: 30, tcp_fin_wait: 30, tcp_last_ack: 30 };

/** Every sysctl that a task with these arguments looks at, on whatever kernel. */
export const settingKeys = remembered((args: ConntrackArgs): readonly string[] => {
  const all = { ...turnover, ...lifetimes(args, '6.1') };
  const sizes = [maxKey, bucketsKey, `${netfilter}tcp_loose`];
  const neighbours = args.neighbours !== undefined || args.internal !== undefined;
  const thresholds = neighbours ? [1, 2, 3].map((n) => `${neighbour}${n}`) : [];
  return [...sizes, ...Object.keys(all).sort().map(lifetimeKey), ...thresholds, ...pathKeys(args)];
});

/** What the settings should be beside what they are, whether or not the host lets us. */
export function conntrackWish(
  args: ConntrackArgs,
  now: SysctlValues,
  facts: Facts,
): { readonly values: SysctlValues; readonly notes: readonly Note[] } {
  const size = tableSize(args, facts.memoryBytes);
  const max = Math.max(size.entries, Number(now[maxKey] ?? 0));
  const asked = args.buckets ?? Math.min(max, size.entries);
  const buckets = Math.max(Math.ceil(asked / bucketStep) * bucketStep, Number(now[bucketsKey] ?? 0));
  const values: Record<string, string> = {
    // Buckets first: the kernel resizes the table under the entries that are there now, not under those to come.
    [bucketsKey]: String(buckets),
    [maxKey]: String(max),
    [`${netfilter}tcp_loose`]: '1',
  };
  for (const [name, value] of Object.entries(lifetimes(args, facts.kernel)))
    values[lifetimeKey(name)] = String(value);
  const neighbours = args.neighbours ?? crowdedLink(args, facts);
  if (neighbours !== undefined) Object.assign(values, thresholds(neighbours, now));
  return { values, notes: size.notes };
}

/** What a table of these settings costs, when it is another than now. */
export function costNotes(values: SysctlValues, now: SysctlValues): readonly Note[] {
  const [max, buckets] = [values[maxKey], values[bucketsKey]];
  if (max === undefined || buckets === undefined) return [];
  if (max === now[maxKey] && buckets === now[bucketsKey]) return [];
  const full = megabytes(Number(max) * entryBytes);
  const text = `a table of ${max} entries: ${full} when full, ${megabytes(Number(buckets) * 8)} of buckets`;
  return [{ level: 'info', text }];
}

function tableSize(args: ConntrackArgs, memoryBytes: number): { entries: number; notes: readonly Note[] } {
  const reading = readPool(args.pool);
  const addresses = 'addresses' in reading ? reading.addresses.length : 1;
  const wanted = tableEntries(addresses);
  const cap = entriesInMemory(memoryBytes);
  const capped = memoryBytes > 0 && cap < (args.max ?? wanted);
  if (args.max !== undefined) {
    const text = `max ${args.max} is more than the ${cap} entries that a sixteenth of this host's memory holds`;
    return { entries: args.max, notes: capped ? [{ level: 'warning', text }] : [] };
  }
  if (!capped) return { entries: wanted, notes: [] };
  const text = `memory allows ${cap} entries, ${addresses} addresses can carry ${portsPerAddress * addresses} to one destination`;
  return { entries: Math.max(cap, bucketStep), notes: [{ level: 'warning', text }] };
}

function lifetimes({ timeouts }: ConntrackArgs, kernel: string): Readonly<Record<string, number>> {
  if (timeouts === 'kernel') return {};
  const gateway = { ...(reusesPorts(kernel) ? {} : turnover), tcp_established: 7440 };
  if (timeouts === 'quick') return { ...gateway, ...turnover, tcp_syn_sent: 30, tcp_syn_recv: 30 };
  return typeof timeouts === 'object' ? { ...gateway, ...timeouts } : gateway;
}

/** From about Linux 6.5 on a new connection may take the port of a closed one before its time is over. */
export function reusesPorts(kernel: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  return Number(major ?? 0) * 1000 + Number(minor ?? 0) >= 6005;
}

function lifetimeKey(name: string): string {
  const tcp = /^tcp_(.*)$/.exec(name)?.[1];
  return netfilter + (tcp === undefined ? (named[name] ?? `${name}_timeout`) : `tcp_timeout_${tcp}`);
}

function thresholds(neighbours: number, now: SysctlValues): SysctlValues {
  const top = Math.max(1024, powerOfTwo(8 * neighbours));
  const wanted = [top / 4, top / 2, top];
  return Object.fromEntries(
    wanted.map((value, i) => {
      const key = `${neighbour}${i + 1}`;
      return [key, String(Math.max(value, Number(now[key] ?? 0)))];
    }),
  );
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
