/**
 * How many connections still stay on the old gateways of draining hosts. The gateway itself counts, exactly: one
 * connection to it for the whole wait, one exec a count for all hosts. Only where it cannot be asked does a host
 * count its own, which is near and is said.
 */
import { drainOf, type HostDrain, sourcesOf } from '../plan/drain.ts';
import type { Remote } from '../remote/remote.ts';
import { block, type Script, sh } from '../shell/sh.ts';
import { openRemote, type RunContext } from './context.ts';
import { describeOutcome, lookAgain } from './survey.ts';

export interface DrainCount {
  /** Null: nobody could count. */
  readonly connections: number | null;
  readonly counted: 'gateway' | 'host' | 'nowhere';
}

export interface DrainCounter {
  count(drains: readonly HostDrain[]): Promise<ReadonlyMap<HostDrain, DrainCount>>;
  close(): Promise<void>;
}

export function openCounter(context: RunContext): DrainCounter {
  const desk = new Desk(context);
  return {
    count: async (drains) => {
      const vias = [...new Set(drains.flatMap(({ draining }) => draining.gateways))];
      const byVia = new Map(
        await Promise.all(vias.map(async (via) => [via, await desk.onGateway(via, drains)] as const)),
      );
      return new Map(
        await Promise.all(drains.map(async (drain) => [drain, await added(drain, byVia, desk)] as const)),
      );
    },
    close: () => desk.close(),
  };
}

/** The label of the gateways that a host is drained from. */
export function gatewayLabel({ draining }: HostDrain, { gateways }: RunContext): string {
  return draining.gateways.map((via) => gateways.get(via) ?? via).join(', ');
}

type Counts = ReadonlyMap<string, number>;

async function added(
  drain: HostDrain,
  byVia: ReadonlyMap<string, Counts | undefined>,
  desk: Desk,
): Promise<DrainCount> {
  const all = drain.draining.gateways.map((via) => byVia.get(via));
  if (all.every((counts) => counts !== undefined)) {
    const sources = sourcesOf(drain);
    const numbers = all.flatMap((counts) => sources.map((source) => counts.get(source) ?? 0));
    return { connections: numbers.reduce((sum, number) => sum + number, 0), counted: 'gateway' };
  }
  const connections = await desk.onHost(drain);
  return { connections, counted: connections === null ? 'nowhere' : 'host' };
}

/** Who is asked, over which connection; lives as long as one wait. */
class Desk {
  private readonly remotes = new Map<string, Remote>();
  private readonly told = new Set<string>();
  private readonly context: RunContext;

  constructor(context: RunContext) {
    this.context = context;
  }

  async onGateway(via: string, drains: readonly HostDrain[]): Promise<Counts | undefined> {
    const counts = await this.asked(via, drains);
    if (typeof counts !== 'string') return counts;
    this.tellWhy(via, counts);
    return undefined;
  }

  /** The host's own count; it must be looked at for that. */
  async onHost(drain: HostDrain): Promise<number | null> {
    const remote = await this.remote(drain.host);
    if (typeof remote === 'string') return null;
    const { context } = this;
    const look = await lookAgain(remote, [drain.task], context);
    if (!('sight' in look)) {
      this.remotes.delete(drain.host);
      return null;
    }
    return (
      drainOf(drain.host, drain.task, { sight: look.sight, types: context.types })?.draining.connections ??
      null
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.remotes.values()].map((remote) => remote.close()));
  }

  /** Or in words why not. */
  private async asked(via: string, drains: readonly HostDrain[]): Promise<Counts | string> {
    const name = this.context.gateways.get(via);
    if (name === undefined) return 'it is not in the inventory';
    const remote = await this.remote(name);
    if (typeof remote === 'string') return remote;
    const sources = drains.filter(({ draining }) => draining.gateways.includes(via)).flatMap(sourcesOf);
    const mark = this.context.nonce();
    const outcome = await remote.run(countScript(mark, [...new Set(sources)]), {
      timeoutSeconds: this.context.commandTimeoutSeconds,
    });
    if (outcome.kind !== 'done') this.remotes.delete(name);
    const counts = outcome.kind === 'done' ? readCounts(mark, outcome.stdout) : undefined;
    return counts ?? describeOutcome(outcome);
  }

  private async remote(name: string): Promise<Remote | string> {
    const there = this.remotes.get(name);
    if (there !== undefined) return there;
    const opened = await openRemote(name, this.context);
    if (typeof opened !== 'string') this.remotes.set(name, opened);
    return opened;
  }

  private tellWhy(via: string, why: string): void {
    const gateway = this.context.gateways.get(via) ?? via;
    const message = `connections on ${gateway} are counted by the hosts themselves, which is less exact: ${why}`;
    if (!this.told.has(via)) this.context.emit({ type: 'note', message });
    this.told.add(via);
  }
}

/**
 * Per source, connections that live: TCP from the answer to the last FIN, and datagram flows that conntrack has seen
 * go both ways for a while (so no name lookups), opened by the host or from outside. What begins or ends at the
 * gateway itself does not go through it.
 */
export function countScript(mark: string, sources: readonly string[]): Script {
  return block(
    sh`gwfleet_entries() {
if command -v conntrack >/dev/null 2>&1; then conntrack -L 2>/dev/null; else cat /proc/net/nf_conntrack; fi
}`,
    sh`command -v conntrack >/dev/null 2>&1 || [ -r /proc/net/nf_conntrack ] || { echo 'neither conntrack nor /proc/net/nf_conntrack is there (apt install conntrack)' >&2; exit 1; }`,
    sh`gwfleet_own=$(ip -4 -o addr show | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | tr '\n' ' ')`,
    sh`gwfleet_entries | awk -v mark=${mark} -v asked=${sources.join(' ')} -v own="$gwfleet_own" '
BEGIN { split(asked, list, " "); for (i in list) wanted[list[i]] = 0; split(own, list, " "); for (i in list) mine[list[i]] }
function field(name, nth,  i) { for (i = 2; i <= NF; i++) if (index($i, name) == 1 && --nth == 0) return substr($i, length(name) + 1); return "" }
/(^| )tcp / && / (SYN_RECV|ESTABLISHED|FIN_WAIT|CLOSE_WAIT) / || /(^| )udp / && /\[ASSURED\]/ {
  source = field("src=", 1)
  if (source in wanted) { if (!(field("dst=", 1) in mine)) wanted[source]++ }
  else if ((field("src=", 2) in wanted) && !(source in mine)) wanted[field("src=", 2)]++
}
END { for (source in wanted) print mark, source, wanted[source]; print mark, "end" }'`,
  );
}

function readCounts(mark: string, stdout: string): Counts | undefined {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1).split(' ')] : []));
  if (lines.at(-1)?.[0] !== 'end') return undefined;
  return new Map(lines.slice(0, -1).map(([source = '', count]) => [source, Number(count)]));
}
