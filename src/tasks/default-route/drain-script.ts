/**
 * The shell of a drain: how it begins, grows by a generation and ends. Each part looks at what is live and can be run
 * again from any point. The order is what makes a crash half-way harmless: tables and rules do nothing until the
 * chain marks packets, and the load of the chain is one transaction: the cut. Whoever loads holds the lock of
 * iptables-legacy from the first line on, so nothing may be asked of iptables while the lines are written.
 */
import { block, feed, nothing, type Script, sh } from '../../shell/sh.ts';
import {
  type Drain,
  drainChain,
  drainInterfaces,
  lastTable,
  lookUsers,
  markOf,
  oldMark,
  oldTable,
  specialPreference,
} from './drain.ts';
import { routeLine } from './state.ts';

/**
 * How long conntrack, where nothing used it before, looks at packets before the cut: a datagram flow of which it has
 * seen no packet counts as new. TCP does not need it: without a SYN after the cut it is old.
 */
export const warmUpSeconds = 3;

/** `600 leave 12345 fresh`: deadline, what then, the host's uptime at the begin, was the mangle table there before. */
export const drainFile = '/run/gwfleet/drain';
/** The last generation that was given out; it outlives drains, because conntrack entries remember marks. */
export const generationFile = '/run/gwfleet/drain-generation';

/** From any point of this or an earlier drain to this one. The default route is moved after it. */
export function beginDrain(drain: Drain): Script {
  const marks = [
    { table: oldTable, value: oldMark, route: drain.old },
    ...drain.generations.map(({ number, route }) => ({ table: oldTable + number, value: number, route })),
  ];
  const last = drain.generations.at(-1)?.number ?? 0;
  return block(
    shared,
    beginning,
    sh`gwfleet_note ${last} ${drain.deadlineSeconds} ${drain.atDeadline} ${drain.began ?? ''} || exit`,
    sh`gwfleet_warm_up || exit`,
    ...marks.map(
      ({ table, route }) => sh`gwfleet_table ${table} ${routeLine(route, `table ${table}`)} || exit`,
    ),
    sh`gwfleet_rule ${specialPreference} 'from all lookup main suppress_prefixlength 0' || exit`,
    ...marks.map(
      ({ table, value }) =>
        sh`gwfleet_rule ${table} ${`from all fwmark ${markOf(drain.shift, value)} lookup ${table}`} || exit`,
    ),
    feed(chainLines(drain).join('\n'), sh`gwfleet_load`),
    sh`[ $? = 0 ] || exit 1`,
    sh`gwfleet_clear ${[specialPreference, ...marks.map(({ table }) => table)]}`,
  );
}

/**
 * Nothing of any drain is left; the default route already is where it should be. With the shift the marks of
 * connections are taken away too, where the host has the tool for it.
 */
export function endDrain(shift: number | undefined): Script {
  return block(
    shared,
    sh`gwfleet_unchain || exit`,
    sh`gwfleet_clear || exit`,
    sh`rm -f ${drainFile} || exit`,
    shift === undefined ? nothing : wipe(shift),
    sh`:`,
  );
}

/** The order counts: the mark of what is old first, that of a generation wins over it. */
function chainLines(drain: Drain): readonly string[] {
  const mark = (value: number): string => markOf(drain.shift, value);
  const young = mark(drain.generations.at(-1)?.number ?? oldMark);
  const rules = [
    ...['-i lo', '-o lo', ...drainInterfaces(drain).map((name) => `-i ${name}`)].map(
      (match) => `${match} -j RETURN`,
    ),
    // A SYN on the entry of a finished handshake: the entry is a leftover, the connection is a new one.
    ...['--ctstate NEW', '--ctstatus ASSURED'].map(
      (match) => `-p tcp --syn -m conntrack ${match} -j CONNMARK --set-xmark ${young}`,
    ),
    `! -p tcp -m conntrack --ctstate NEW -j CONNMARK --set-xmark ${young}`,
    `-j MARK --set-xmark ${mark(oldMark)}`,
    ...drain.generations.map(
      ({ number }) => `-m connmark --mark ${mark(number)} -j MARK --set-xmark ${mark(number)}`,
    ),
  ];
  return rules.map((rule) => `-A ${drainChain} ${rule}`);
}

/**
 * Entries of ended connections go, those of live ones lose the mark. conntrack updates 256 entries and then finds its
 * buffer full, so again and again; ten seconds are enough for thousands, and what is marked then is in nobody's way.
 */
function wipe(shift: number): Script {
  const mask = `0x${(0xff * 2 ** shift).toString(16)}`;
  return sh`if command -v conntrack >/dev/null 2>&1; then
gwfleet_marked() {
conntrack -L 2>/dev/null | awk -v low=${2 ** shift} '{ source = mark = ""
for (i = 1; i <= NF; i++) if (source == "" && index($i, "src=") == 1) source = substr($i, 5); else if (index($i, "mark=") == 1) mark = substr($i, 6)
mark = int(mark / low) % 256; if (mark) print source, mark * low }' | sort -u
}
gwfleet_marked | while read -r gwfleet_address gwfleet_mark; do
for gwfleet_state in TIME_WAIT CLOSE; do conntrack -D -s "$gwfleet_address" -p tcp --state "$gwfleet_state" -m "$gwfleet_mark/${mask}" >/dev/null 2>&1 </dev/null; done
done
gwfleet_until=$(( $(cut -d . -f 1 /proc/uptime) + 10 ))
while [ "$(cut -d . -f 1 /proc/uptime)" -lt "$gwfleet_until" ]; do
gwfleet_addresses=$(gwfleet_marked | cut -d ' ' -f 1 | sort -u)
[ -n "$gwfleet_addresses" ] || break
for gwfleet_address in $gwfleet_addresses; do conntrack -U -s "$gwfleet_address" -m ${`0x0/${mask}`} >/dev/null 2>&1; done
done
fi`;
}

/** Each is one word in a list; whoever uses it lets the shell split it. */
const jumps = [`PREROUTING -j ${drainChain}`, `OUTPUT -m owner ! --uid-owner ${lookUsers} -j ${drainChain}`];

const shared: Script = sh`gwfleet_ours() {
while read -r gwfleet_number; do
if [ "$gwfleet_number" -ge ${specialPreference} ] && [ "$gwfleet_number" -le ${lastTable} ]; then echo "$gwfleet_number"; fi
done
}
gwfleet_clear() {
for gwfleet_number in $(ip -4 rule show | sed -n 's/^\(7[0-9]*\):.*/\1/p' | gwfleet_ours); do
case " $* " in *" $gwfleet_number "*) ;; *) ip -4 rule del pref "$gwfleet_number" || return ;; esac
done
for gwfleet_number in $(ip -4 -o route show table all | sed -n -e 's/.* table \(7[0-9]*\)$/\1/p' -e 's/.* table \(7[0-9]*\) .*/\1/p' | sort -u | gwfleet_ours); do
case " $* " in *" $gwfleet_number "*) ;; *) ip -4 route flush table "$gwfleet_number" || return ;; esac
done
}
gwfleet_unchain() {
iptables-save 2>/dev/null | grep -q ${drainChain} || return 0
for gwfleet_jump in ${jumps}; do
while iptables -w 5 -t mangle -C $gwfleet_jump 2>/dev/null; do iptables -w 5 -t mangle -D $gwfleet_jump || return; done
done
iptables -w 5 -t mangle -F ${drainChain} && iptables -w 5 -t mangle -X ${drainChain} || return
case "$(cat ${drainFile} 2>/dev/null)" in *' fresh') ;; *) return 0 ;; esac
command -v nft >/dev/null 2>&1 || return 0
if iptables-save 2>/dev/null | sed -n '/^\*mangle/,/^COMMIT/p' | grep -q -e '^-' -e '^:[^ ]* [^A]'; then return 0; fi
for gwfleet_hook in PREROUTING INPUT FORWARD OUTPUT POSTROUTING; do iptables -w 5 -t mangle -X "$gwfleet_hook" 2>/dev/null; done
case "$(nft list table ip mangle 2>/dev/null)" in *chain*) ;; *mangle*) nft delete table ip mangle 2>/dev/null ;; esac
return 0
}`;

const beginning: Script = sh`gwfleet_saved() {
iptables-save 2>/dev/null
if command -v iptables-nft-save >/dev/null 2>&1; then iptables-nft-save 2>/dev/null; fi
if [ -s /proc/net/ip_tables_names ] && command -v iptables-legacy-save >/dev/null 2>&1; then iptables-legacy-save 2>/dev/null; fi
}
gwfleet_note() {
mkdir -p -m 700 /run/gwfleet && echo "$1" >${generationFile} || return
gwfleet_began=$4
[ -n "$gwfleet_began" ] || gwfleet_began=$(cut -d . -f 1 /proc/uptime)
if [ -e ${drainFile} ]; then gwfleet_mangle=$(cut -d ' ' -f 4 ${drainFile})
elif iptables-save 2>/dev/null | grep -q '^\*mangle'; then gwfleet_mangle=kept
else gwfleet_mangle=fresh; fi
echo "$2 $3 $gwfleet_began $gwfleet_mangle" >${drainFile}.new && mv -f ${drainFile}.new ${drainFile}
}
gwfleet_warm_up() {
if gwfleet_saved | grep -q -i -e conntrack -e ' state ' -e masquerade -e '[sd]nat' -e connmark; then return 0; fi
if command -v nft >/dev/null 2>&1 && nft list ruleset 2>/dev/null | grep -q -w -e ct -e nat; then return 0; fi
cat /proc/net/udp /proc/net/udp6 2>/dev/null | grep -v -e ' local_address ' | grep -q -v -e '^ *[0-9]*: [0-9A-F]*7F:' || return 0
echo '-A ${drainChain} -m conntrack --ctstate NEW -j RETURN' | gwfleet_load || return
sleep ${warmUpSeconds}
}
gwfleet_table() {
printf 'route replace %s\n' "$2" | ip -4 -batch - || return
[ "$(ip -4 -o route show table "$1" | grep -c .)" != 1 ] || return 0
ip -4 route flush table "$1"
printf 'route replace %s\n' "$2" | ip -4 -batch -
}
gwfleet_rule() {
gwfleet_live=$(ip -4 rule show | sed -n -e 's/[[:blank:]][[:blank:]]*/ /g' -e 's/ $//' -e "s/^$1: //p")
[ "$gwfleet_live" != "$2" ] || return 0
while ip -4 rule del pref "$1" 2>/dev/null; do :; done
printf 'rule add pref %s %s\n' "$1" "$2" | ip -4 -batch -
}
gwfleet_load() {
gwfleet_jumps=$(for gwfleet_jump in ${jumps}; do iptables -w 5 -t mangle -C $gwfleet_jump 2>/dev/null || echo "-A $gwfleet_jump"; done)
{
printf '*mangle\n:%s - [0:0]\n' ${drainChain}
cat
[ -z "$gwfleet_jumps" ] || printf '%s\n' "$gwfleet_jumps"
echo COMMIT
} | iptables-restore --noflush -w 5
}`;
