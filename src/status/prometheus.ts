/**
 * The text format of Prometheus (exposition format 0.0.4), fit for a textfile of node_exporter: HELP and TYPE once,
 * all samples of a metric together, counters end in _total, sizes are ratios. Hosts that were not seen have
 * `gwfleet_host_up 0` and nothing else, so that an old figure never stands for a new one.
 */
import type { FleetStatus, GatewayStatus, PoolAddress } from './model.ts';
import { counterNames } from './seen.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function prometheusText(status: FleetStatus): string {
  return metrics(status)
    .filter(({ samples }) => samples.length > 0)
    .map(metricText)
    .join('');
}

function metricText({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Backslash, quote and newline, as the format says; what a host said may hold anything. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function metrics(status: FleetStatus): readonly Metric[] {
  const { gateways, webservers, drains, at } = status;
  const seen = gateways.filter(({ result }) => result === 'seen');
  const hosts = [...gateways.map(labelled('gateway')), ...webservers.map(labelled('webserver'))];
  const up = hosts.map(({ one, labels }) => ({ labels, value: one.result === 'seen' ? 1 : 0 }));
  const drift = hosts
    .filter(({ one }) => one.result === 'seen')
    .map(({ one, labels }) => ({ labels, value: one.drift.changes.length }));
  return [
    gauge('gwfleet_host_up', 'Whether the host could be looked at.', up),
    gauge('gwfleet_drift_changes', 'Changes that an apply of the playbook would make.', drift),
    ...tableMetrics(seen),
    ...poolMetrics(seen),
    ...counterMetrics(seen),
    gauge(
      'gwfleet_webserver_live_connections',
      'Live connections that a gateway carries for a webserver.',
      carried(seen),
    ),
    gauge(
      'gwfleet_drain_live_connections',
      'Live connections that a drain still waits for.',
      drains.map(({ kind, name, gateway, live }) => ({ labels: { gateway, kind, name }, value: live })),
    ),
    gauge(
      'gwfleet_drain_seconds_left',
      'Seconds until a drain is cut, or left to a later apply.',
      drains.flatMap(({ kind, name, gateway, secondsLeft }) =>
        secondsLeft === null ? [] : [{ labels: { gateway, kind, name }, value: secondsLeft }],
      ),
    ),
    gauge(
      'gwfleet_guard_seconds_left',
      'Seconds until a host that is being changed rolls back by itself.',
      hosts.flatMap(({ one: { pending }, labels }) =>
        pending.guard === 'armed' && pending.lock?.secondsLeft != null
          ? [{ labels, value: pending.lock.secondsLeft }]
          : [],
      ),
    ),
    gauge('gwfleet_look_timestamp_seconds', 'When the fleet was looked at.', [
      { labels: {}, value: Date.parse(at) / 1000 },
    ]),
  ];
}

function labelled(role: string) {
  return <One extends { readonly host: string }>(one: One) => ({ one, labels: { host: one.host, role } });
}

function tableMetrics(seen: readonly GatewayStatus[]): readonly Metric[] {
  const of = (value: (table: NonNullable<GatewayStatus['table']>) => number): readonly Sample[] =>
    seen.flatMap(({ host, table }) =>
      table === null ? [] : [{ labels: { gateway: host }, value: value(table) }],
    );
  return [
    gauge(
      'gwfleet_conntrack_entries',
      'Entries of the connection table.',
      of(({ entries }) => entries),
    ),
    gauge(
      'gwfleet_conntrack_max_entries',
      'Entries that the connection table may hold.',
      of(({ max }) => max),
    ),
  ];
}

function poolMetrics(seen: readonly GatewayStatus[]): readonly Metric[] {
  const of = (value: (address: PoolAddress) => number): readonly Sample[] =>
    seen.flatMap(({ host, addresses }) =>
      addresses.map((one) => ({
        labels: { gateway: host, address: one.address, state: one.state },
        value: value(one),
      })),
    );
  const fills = seen.flatMap(({ host, addresses }) =>
    addresses.flatMap(({ address, busiest }): readonly Sample[] => {
      if (busiest === null) return [];
      const { destination, port, protocol, share } = busiest;
      return [
        { labels: { gateway: host, address, destination, port: String(port), protocol }, value: share },
      ];
    }),
  );
  return [
    gauge(
      'gwfleet_address_entries',
      'Entries of a pool address, all destinations.',
      of(({ entries }) => entries),
    ),
    gauge(
      'gwfleet_address_closed_entries',
      'Of them closed connections.',
      of(({ closed }) => closed),
    ),
    gauge('gwfleet_address_fill_ratio', 'Ports in use to the busiest destination, of 64512.', fills),
  ];
}

function counterMetrics(seen: readonly GatewayStatus[]): readonly Metric[] {
  const byName = seen.flatMap(({ host, counters }) =>
    counters === null
      ? []
      : counterNames.map((name) => ({ labels: { gateway: host, counter: name }, value: counters[name] })),
  );
  const one = (value: (gateway: GatewayStatus) => number | null): readonly Sample[] =>
    seen.flatMap((gateway) => {
      const found = value(gateway);
      return found === null ? [] : [{ labels: { gateway: gateway.host }, value: found }];
    });
  return [
    counter(
      'gwfleet_conntrack_events_total',
      'Events of conntrack: insert_failed and drop are refused connections.',
      byName,
    ),
    counter(
      'gwfleet_leak_guard_packets_total',
      'Packets with an internal source that the leak guard dropped.',
      one(({ leakGuard }) => leakGuard),
    ),
    gauge(
      'gwfleet_unnatted_connections',
      'Connections that leave with their internal address.',
      one(({ unnatted }) => unnatted),
    ),
  ];
}

/** Clients that are no webservers are summed up: their number is not ours to bound. */
function carried(seen: readonly GatewayStatus[]): readonly Sample[] {
  return seen.flatMap(({ host, carried: clients }) => {
    const sums = new Map<string, number>();
    for (const { webserver, live } of clients)
      sums.set(webserver ?? '', (sums.get(webserver ?? '') ?? 0) + live);
    return [...sums].map(([webserver, value]) => ({ labels: { gateway: host, webserver }, value }));
  });
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}
