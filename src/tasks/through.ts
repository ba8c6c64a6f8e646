/**
 * A look at something outside through one given gateway, whatever the host's own way out: host routes in a table of
 * their own, which only the processes of one otherwise unused user id look into. So no other connection of the host
 * moves, not even one to the same address. Routes and rule live as long as the look; a watchdog takes them away when
 * the shell that made them is killed.
 */
import { block, feed, nothing, type Script, sh } from '../shell/sh.ts';
import { checkProbe } from './check-probe.ts';

/** As under `probes` in the inventory: exactly one of the three. */
export type Probe = Readonly<{ tcp?: string; http?: string; ping?: string }>;

export interface ThroughOrder {
  /** The next hop, an address in a subnet of the host; undefined: the host's own way out. */
  readonly via: string | undefined;
  readonly probes: readonly Probe[];
  readonly timeoutSeconds: number;
  /** More attempts after the first, a second apart. */
  readonly retries: number;
}

/** What became of one order, in the order of its probes. `problem`: the look itself could not be made. */
export interface ThroughAnswer {
  readonly answers: readonly { readonly result: 'ok' | 'failed' | 'unknown'; readonly why: string }[];
  readonly problem?: string;
  /** Whether the next hop answered ARP, as the kernel saw it afterwards. */
  readonly nextHop: 'answers' | 'silent';
}

/** `tcp 198.51.100.7:443`. */
export function probeName({ tcp, http, ping }: Probe): string {
  if (tcp !== undefined) return `tcp ${tcp}`;
  return http === undefined ? `ping ${ping ?? ''}` : `http ${http}`;
}

/** The host part of each probe: addresses, and names that the host is to look up. */
export function probeHosts(probes: readonly Probe[]): readonly string[] {
  const hosts = probes.map(({ tcp, http, ping }) => {
    if (tcp !== undefined) return tcp.replace(/:\d+$/, '');
    return http === undefined ? (ping ?? '') : (/^https?:\/\/(?:[^@/]*@)?([^:/?#]+)/.exec(http)?.[1] ?? '');
  });
  return [...new Set(hosts)];
}

/** Under which address of its own the host asks a next hop. */
export function sourceScript(mark: string, via: string): Script {
  return sh`printf '%s source %s\n' ${mark} "$(ip -4 -o route get ${via} 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')"`;
}

/** Empty: the host has no way to the next hop. Undefined: no answer. */
export function readSource(mark: string, stdout: string): string | undefined {
  return stdout
    .split('\n')
    .map((line) => new RegExp(`^${mark} source ([0-9.]*)$`).exec(line)?.[1])
    .find((address) => address !== undefined);
}

/** All orders side by side, in one exec. `mark` is a nonce. */
export function throughScript(mark: string, orders: readonly ThroughOrder[]): Script {
  return block(
    sh`mark=${mark}`,
    functions,
    ...orders.map(
      (order, index) => sh`( ${begin(index, order)}
[ -n "$slot" ] || exit 0
${block(...order.probes.map((probe, at) => look(index, at, probe, order)))}
) </dev/null 2>/dev/null &`,
    ),
    sh`wait; printf '%s looked\n' "$mark"`,
  );
}

function begin(index: number, order: ThroughOrder): Script {
  // A slot of its own is only needed to go another way.
  if (order.via === undefined) return sh`slot=own user=0 via=127.0.0.1`;
  return sh`gwfleet_through ${index} ${order.via} ${limitSeconds(order)} ${probeHosts(order.probes)}`;
}

/** Undefined: what came back is not the end of such a look. */
export function readThrough(
  mark: string,
  orders: readonly ThroughOrder[],
  stdout: string,
): readonly ThroughAnswer[] | undefined {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1)] : []));
  if (!lines.includes('looked')) return undefined;
  return orders.map(({ probes }, index) => {
    const own = lines.flatMap((line) =>
      line.startsWith(`${index} `) ? [line.slice(String(index).length + 1)] : [],
    );
    const problem = own.find((line) => line.startsWith('problem '))?.slice(8);
    return {
      answers: probes.map((_, at) => answerIn(own, at)),
      nextHop: own.includes('silent') ? 'silent' : 'answers',
      ...(problem === undefined ? {} : { problem }),
    };
  });
}

function answerIn(lines: readonly string[], at: number): ThroughAnswer['answers'][number] {
  const [, result, why = ''] =
    lines
      .map((line) => /^probe (\d+) (ok|failed|unknown)(?:: (.*))?$/.exec(line))
      .find((found) => found?.[1] === String(at))
      ?.slice(1) ?? [];
  return result === 'ok' || result === 'failed' || result === 'unknown'
    ? { result, why }
    : { result: 'unknown', why: 'the look did not come to its end' };
}

/** The watchdog's patience: the probes one after the other, and a loaded host. */
function limitSeconds({ probes, timeoutSeconds, retries }: ThroughOrder): number {
  return 30 + probes.length * (retries + 1) * (timeoutSeconds + 2);
}

function look(index: number, at: number, probe: Probe, { timeoutSeconds, retries }: ThroughOrder): Script {
  const script = checkProbe({ ...probe, timeout_seconds: timeoutSeconds, retries });
  const allowed =
    probe.ping === undefined
      ? nothing
      : sh`gwfleet_as ping -c 1 127.0.0.1 >/dev/null 2>&1 || { printf '%s %s probe %s unknown: ping is for root only on this host\n' "$mark" ${index} ${at}; exit; }`;
  return sh`${allowed}
answer=$({ ${feed(script.text, sh`gwfleet_as sh 2>/dev/null`)}
} | tail -n 1); gwfleet_silent ${index}
printf '%s %s probe %s %s\n' "$mark" ${index} ${at} "$answer"`;
}

/**
 * A slot is a table, a rule and a user id of one number. Nobody else uses these: 7701 and above are the drains'. The
 * slot is free when nothing has its preference; two shells begin their search at different numbers.
 */
const functions: Script = sh`gwfleet_as() {
if command -v setpriv >/dev/null 2>&1; then setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
else chroot --userspec="$user:$user" / "$@"; fi
}
gwfleet_away() {
while ip rule del pref "$slot" uidrange "$user-$user" lookup "$slot" 2>/dev/null; do :; done
ip route flush table "$slot" 2>/dev/null
}
gwfleet_silent() {
case $(ip -4 neigh show to "$via") in *FAILED*|*INCOMPLETE*) printf '%s %s silent\n' "$mark" "$1" ;; esac
}
gwfleet_through() {
index=$1 via=$2 limit=$3 slot= tries=0; shift 3
number=$(( ($$ + index * 7) % 90 ))
while [ "$tries" -lt 90 ]; do
slot=$((7600 + number)); user=$((77600 + number)); number=$(( (number + 1) % 90 )); tries=$((tries + 1))
[ -n "$(ip -4 rule show pref "$slot" 2>/dev/null)" ] || break
slot=
done
if [ -z "$slot" ]; then printf '%s %s problem every slot for a look is taken\n' "$mark" "$index"; return; fi
trap 'gwfleet_away; [ -z "$dog" ] || kill -- "$dog" "-$dog" 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM PIPE
slot=$slot user=$user setsid sh -c 'sleep "$1"; ip rule del pref "$slot" uidrange "$user-$user" lookup "$slot"; ip route flush table "$slot"' dog "$limit" >/dev/null 2>&1 & dog=$!
gwfleet_as true 2>/dev/null || { printf '%s %s problem the host has neither setpriv nor chroot --userspec\n' "$mark" "$index"; slot=; return; }
for host in "$@"; do
case $host in *[!0-9.]*) addresses=$(getent ahostsv4 "$host" | cut -d ' ' -f 1 | sort -u) ;; *) addresses=$host ;; esac
for address in $addresses; do
said=$(ip -4 route replace "$address/32" via "$via" table "$slot" 2>&1) || { printf '%s %s problem %s\n' "$mark" "$index" "$(echo "$said" | tail -n 1)"; gwfleet_away; slot=; return; }
done
done
said=$(ip -4 rule add pref "$slot" uidrange "$user-$user" lookup "$slot" 2>&1) || { printf '%s %s problem %s\n' "$mark" "$index" "$said"; gwfleet_away; slot=; }
}`;
