/**
 * `status` on a gateway whose connection table is as full as a busy one's: that its figures are those of the table, what
 * a look costs there beside the naive way (`ssh gateway conntrack -L`), and that it tells when the table overflows.
 * The entries are put in by conntrack; what they cost is measured at the gateway's sshd and on its wire, not taken from
 * status' own words. Prints the table that is in the README.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import type { FleetStatus, GatewayStatus } from '../../src/status/model.ts';
import { type Fleet, fleet } from './fleet.ts';

/** Half a million is the table of six addresses; a machine whose own limit is lower shows what it can. */
const max = Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'));
const entries = Math.min(400_000, max - 20_000);

let lab: Fleet;

beforeAll(async () => {
  lab = await fleet({ gateways: 1, webservers: 1 });
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes'], { env: env() });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  await lab.run('gw1', `awk -v most=${entries} '${crowd}' | conntrack -R - >/dev/null`, {
    timeoutSeconds: 120,
  });
}, 180_000);

/**
 * Forty-two clients by six addresses: TCP in three states, UDP and TCP to the same place, UDP and ICMP elsewhere, the
 * first address fuller than the others. No two have the same port of an address to one place.
 */
const crowd = `BEGIN {
  for (i = 0; i < most; i++) {
    kind = i % 20; slot = int(i / 20) % 25; last = slot < 5 ? 10 : 11 + slot % 5; by = "203.0.113." last
    client = "10.0.2." (last - 10) * 7 + 1 + i % 7
    to = kind < 14 ? "198.51.100.7" : kind == 17 ? "198.51.100.7" : "198.51.100." 8 + i % 3
    protocol = kind < 17 ? "tcp" : kind < 19 ? "udp" : "icmp"
    n = seen[protocol, by, to]++
    head = "-A -t 900 -u SEEN_REPLY,ASSURED -s " client " -d " to " -r " to " -q " by " -p " protocol
    ports = " --sport " 1024 + n " --dport 443 --reply-port-src 443 --reply-port-dst " 1024 + n
    if (kind < 17) print head " --state " (kind < 11 ? "ESTABLISHED" : kind < 16 ? "TIME_WAIT" : "CLOSE") ports
    else if (kind < 19) print head ports
    else print head " --icmp-type 8 --icmp-code 0 --icmp-id " n
  }
}`;

it('tells each address and destination as conntrack -L counts them, whatever the protocol and state', async () => {
  const { addresses, table } = await look();
  const said = await lab.run('gw1', `conntrack -L 2>/dev/null | awk '${census}' | sort`);
  const counted = said
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  expect(table?.entries).toBeGreaterThan(entries * 0.99);
  for (const { address, entries: all, closed, fills } of addresses) {
    const mine = counted.filter(([by]) => by === address);
    expect(within(all, total(mine, 4))).toBe(true);
    expect(within(closed, total(mine, 5))).toBe(true);
    const places = mine.map(([, protocol, to, port, count, over]) => ({
      place: `${to}:${port}/${protocol}`,
      count: Number(count),
      over: Number(over),
    }));
    const top = places.toSorted((a, b) => b.count - a.count).slice(0, 3);
    expect(fills).toHaveLength(3);
    for (const [at, fill] of fills.entries()) {
      const same = places.find(({ place }) => place === `${fill.destination}:${fill.port}/${fill.protocol}`);
      expect(within(fill.entries, top[at]?.count ?? 0)).toBe(true);
      expect(within(fill.entries, same?.count ?? 0)).toBe(true);
      expect(within(fill.closed, same?.over ?? 0)).toBe(true);
      expect(fill.share).toBeCloseTo(fill.entries / 64_512, 9);
    }
  }
  const protocols = addresses.flatMap(({ fills }) => fills.map(({ protocol }) => protocol));
  expect(new Set(protocols).size).toBeGreaterThan(1);
});

/** BY PROTOCOL TO PORT ENTRIES CLOSED, by another way than the one of status. */
const census = `{
  match($0, /src=[0-9.]+ dst=[0-9.]+ /); split(substr($0, RSTART, RLENGTH), a, /[= ]/); rest = substr($0, RSTART + RLENGTH)
  port = 0; if (match(rest, /dport=[0-9]+/)) port = substr(rest, RSTART + 6, RLENGTH - 6)
  match(rest, /dst=[0-9.]+/); by = substr(rest, RSTART + 4, RLENGTH - 4)
  if (by !~ /^203\\.0\\.113\\./ || a[2] !~ /^10\\./) next
  key = by " " $1 " " a[4] " " port; count[key]++
  if (/ (TIME_WAIT|CLOSE) /) over[key]++
} END { for (key in count) print key, count[key], over[key] + 0 }`;

it('costs the gateway no more than conntrack -L over ssh, at the lowest priority, and hardly a byte', async () => {
  const args = ['status', lab.inventory, '-l', 'gw1', '--json'];
  const ours = await cost(() => lab.gwfleet(args, { env: env() }));
  const naive = await cost(() =>
    lab.exec('controller', `ssh -F ${lab.folder}/ssh_config gw1 conntrack -L 2>/dev/null | wc -c`),
  );
  const held = (await lab.run('gw1', 'conntrack -C')).trim();
  const row = (name: string, { cpuMs, ms, bytes }: Cost): string =>
    `| ${name} | ${cpuMs} ms | ${ms} ms | ${bytes.toLocaleString('en')} |`;
  console.log(
    `${Number(held).toLocaleString('en')} entries\n| | CPU on the gateway | wall | bytes on its wire |\n|---|---|---|---|\n${row('gwfleet status', ours)}\n${row('ssh gateway conntrack -L', naive)}`,
  );
  expect(ours.bytes * 100).toBeLessThan(naive.bytes);
  // The same table is walked by both; reading it there is not dearer than sending all of it.
  expect(ours.cpuMs).toBeLessThan(2 * naive.cpuMs);
});

it('tells packets that conntrack finds invalid', async () => {
  await look();
  // SYN and FIN at once: there is no such packet in TCP.
  await lab.run('web01', [
    'python3',
    '-c',
    `import socket, struct
one = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for port in range(2000, 2030):
    one.sendto(struct.pack("!HHIIBBHHH", port, 80, 1, 0, 0x50, 0x03, 1024, 0, 0), ("198.51.100.7", 0))`,
  ]);
  expect((await look()).growth.counters).toMatchObject({ early_drop: 0 });
  expect((await seenLast()).invalid).toBeGreaterThanOrEqual(30);
});

/** Clients that nobody has answered, up to the table's last entry. */
async function fillUp(round: number): Promise<void> {
  const left = max - Number(await lab.run('gw1', 'conntrack -C'));
  const unanswered = `awk -v most=${left} 'BEGIN { for (i = 0; i < most; i++) print "-A -t 900 -p udp -s 10.0.3." 1 + i % 200 " -d 198.51.100.9 -r 198.51.100.9 -q 203.0.113.1" i % 6 " --sport " 1024 + int(i / 6) % 64000 " --dport " ${53 * round} + int(i / 300000) " --reply-port-src ${53 * round} --reply-port-dst " 1024 + int(i / 6) % 64000 }' | conntrack -R - >/dev/null`;
  await lab.run('gw1', unanswered, { timeoutSeconds: 120 });
}

/** How many the kernel has thrown out early, by its own count. */
async function early(): Promise<number> {
  const said = await lab.run('gw1', 'conntrack -S');
  return [...said.matchAll(/early_drop=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

it('tells connections that a full table throws out early, and that it is full', async () => {
  await look();
  // The kernel clears a table that is nearly full by itself, so a busy machine can be too late with the last entries.
  const before = await early();
  for (let tries = 1; (await early()) === before && tries <= 10; tries += 1) {
    await fillUp(tries);
    await lab.run('web01', [
      'python3',
      '-c',
      `import socket
for port in range(3000, 3300):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("", port))
    one.sendto(b"x", ("198.51.100.7", ${8 + tries}))`,
    ]);
  }
  const { stdout } = await lab.gwfleet(['status', lab.inventory, '-l', 'gw1', '--json'], { env: env() });
  const status = JSON.parse(stdout) as FleetStatus;
  const gw1 = gatewayIn(status);
  expect(gw1.growth.counters.early_drop).toBeGreaterThan(0);
  expect(gw1.table?.level).toBe('alarm');
  const said = status.alarms.map(({ text, advice }) => `${text} -> ${advice ?? ''}`);
  expect(said).toContainEqual(
    expect.stringMatching(
      /^the table threw \d+ connections out early since .* -> raise max of the task conntrack$/,
    ),
  );
  expect(said).toContainEqual(expect.stringMatching(/^the connection table is \d+ % full/));
});

function env(): Record<string, string> {
  return { XDG_STATE_HOME: `${lab.folder}/state` };
}

let last: GatewayStatus | undefined;

async function look(): Promise<GatewayStatus> {
  const { stdout, stderr } = await lab.gwfleet(['status', lab.inventory, '-l', 'gw1', '--json'], {
    env: env(),
  });
  if (stdout === '') throw new Error(stderr);
  last = gatewayIn(JSON.parse(stdout) as FleetStatus);
  return last;
}

async function seenLast() {
  return (last ?? (await look())).growth.counters;
}

function gatewayIn({ gateways: [gateway] }: FleetStatus): GatewayStatus {
  if (gateway === undefined) throw new Error('no gateway');
  return gateway;
}

function total(rows: readonly (readonly string[])[], column: number): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}

/** One percent, as the issue says, and a handful of entries that came and went between the two looks. */
function within(said: number, counted: number): boolean {
  return Math.abs(said - counted) <= Math.max(3, counted / 100);
}

interface Cost {
  readonly cpuMs: number;
  readonly ms: number;
  readonly bytes: number;
}

/** CPU of the gateway's sshd and of everything it started and that has ended; bytes both ways. */
async function cost(what: () => Promise<{ readonly code: number }>): Promise<Cost> {
  const spent = async () => {
    const text = await lab.run(
      'gw1',
      'sed "s/.*) //" "/proc/$(cat /run/sshd.pid)/stat" | cut -d " " -f 14,15; cat /sys/class/net/eth0/statistics/[rt]x_bytes',
    );
    const [user = 0, system = 0, received = 0, sent = 0] = text.trim().split(/\s+/).map(Number);
    return { ticks: user + system, bytes: received + sent };
  };
  const before = await spent();
  const began = performance.now();
  expect(await what()).toMatchObject({ code: 0 });
  const ms = Math.round(performance.now() - began);
  // The session's process ends a moment after its command.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = await spent();
  return { cpuMs: (after.ticks - before.ticks) * 10, ms, bytes: after.bytes - before.bytes };
}
