/** What a person should act on, the worst first, each with what to do. */
import type { Alarm, FleetStatus, GatewayStatus, PoolAddress, WebserverStatus } from './model.ts';

type Hosts = Pick<FleetStatus, 'gateways' | 'webservers' | 'inventory'>;

export function alarmsOf({ gateways, webservers, inventory }: Hosts): readonly Alarm[] {
  const found = [
    ...gateways.flatMap((gateway) => [
      ...fullAddresses(gateway, inventory),
      ...refusals(gateway),
      ...fullTable(gateway),
      ...leaks(gateway),
    ]),
    ...[...gateways, ...webservers].flatMap((host) => [
      ...unseen(host),
      ...drifted(host, inventory),
      ...held(host),
    ]),
  ];
  return found.toSorted((a, b) => Number(b.level === 'alarm') - Number(a.level === 'alarm'));
}

type Host = GatewayStatus | WebserverStatus;

function fullAddresses(gateway: GatewayStatus, inventory: string): readonly Alarm[] {
  const full = gateway.addresses.filter(({ busiest }) => busiest !== null && busiest.level !== 'ok');
  const [first] = full.toSorted((a, b) => (b.busiest?.entries ?? 0) - (a.busiest?.entries ?? 0));
  if (first?.busiest == null) return [];
  const others = full.length === 1 ? '' : `, and ${full.length - 1} more of its addresses`;
  const word = first.busiest.level === 'alarm' ? 'full' : 'nearly full';
  const text = `${first.address} is ${word}${others}: ${fillWords(first)}`;
  const advice = `add addresses to its snat_pool, or a gateway: gwfleet capacity ${inventory}`;
  return [{ level: first.busiest.level === 'alarm' ? 'alarm' : 'warning', host: gateway.host, text, advice }];
}

function fillWords({ busiest }: PoolAddress): string {
  if (busiest === null) return 'nothing';
  const { share, destination, port, protocol } = busiest;
  return `${Math.floor(share * 100)} % of its ports to ${destination}:${port}/${protocol}`;
}

/** The gateway's ErrorPortAllocation: the kernel found no free port, dropped the packet and logged nothing. */
function refusals({ host, growth: { counters, since } }: GatewayStatus): readonly Alarm[] {
  const { insert_failed: failed, early_drop: early, drop } = counters;
  const when = since === null ? '' : ` since ${since}`;
  return [
    ...(failed > 0 || drop > 0
      ? [
          {
            level: 'alarm' as const,
            host,
            text: `new connections were refused: insert_failed +${failed}, drop +${drop}${when}`,
            advice: 'no free port or no room in the table: see the fullest address and conntrack',
          },
        ]
      : []),
    ...(early > 0
      ? [
          {
            level: 'warning' as const,
            host,
            text: `the table threw ${early} connections out early${when}`,
            advice: 'raise max of the task conntrack',
          },
        ]
      : []),
  ];
}

function fullTable({ host, table }: GatewayStatus): readonly Alarm[] {
  if (table === null || table.level === 'ok') return [];
  const text = `the connection table is ${Math.floor(table.share * 100)} % full`;
  return [{ level: table.level, host, text, advice: 'raise max of the task conntrack' }];
}

function leaks({ host, unnatted, growth }: GatewayStatus): readonly Alarm[] {
  const advice = 'gwfleet apply puts the rules right';
  return [
    ...(unnatted !== null && unnatted > 0
      ? [
          {
            level: 'alarm' as const,
            host,
            text: `${unnatted} connections leave with their internal address`,
            advice,
          },
        ]
      : []),
    ...(growth.leaked > 0
      ? [
          {
            level: 'warning' as const,
            host,
            text: `the leak guard stopped ${growth.leaked} packets with an internal address`,
            advice: null,
          },
        ]
      : []),
  ];
}

function unseen({ host, result, why, hint }: Host): readonly Alarm[] {
  return result === 'seen' ? [] : [{ level: 'alarm', host, text: `${result}: ${why ?? ''}`, advice: hint }];
}

function drifted({ host, drift }: Host, inventory: string): readonly Alarm[] {
  if (drift.unknown !== null)
    return [{ level: 'warning', host, text: `no plan can be made: ${drift.unknown}`, advice: null }];
  const [first, ...more] = drift.changes;
  if (first === undefined) return [];
  const text = `not as the playbook says: ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`;
  return [{ level: 'warning', host, text, advice: `gwfleet plan ${inventory}` }];
}

function held({ host, pending: { lock, guard } }: Host): readonly Alarm[] {
  if (lock === null) return [];
  const since = new Date(lock.sinceEpochSeconds * 1000).toISOString();
  const left = guard === 'armed' && lock.secondsLeft !== null ? `; rolls back in ${lock.secondsLeft} s` : '';
  const dead = lock.life === 'dead';
  const text = `${dead ? 'a lock without a process' : 'locked'}: run ${lock.run} of ${lock.owner} since ${since}${left}`;
  return [
    { level: 'warning', host, text, advice: dead ? `gwfleet apply --break-lock ${runOf(lock.run)}` : null },
  ];
}

/** The guard of a play is named after its run: `20261122-214007-7f3a.1`. */
function runOf(guard: string): string {
  return guard.split('.')[0] ?? guard;
}
