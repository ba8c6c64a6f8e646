/**
 * What moves by itself: how many connections leave by the default route now, and how old a drain is. Told on standard
 * error, so that a plan does not grow stale by it. What a reader gets wrong: the host's own count is near, not exact
 * (connections of containers are not in it); the old gateway's is.
 */
import { block, type Script, sh } from '../../shell/sh.ts';
import { drainChain } from './drain.ts';
import { drainFile } from './drain-script.ts';

// Not an interface: only type aliases are assignable to Json.
export type Moment = Readonly<{
  /** Established TCP connections of the host that leave by the default route; null: not counted. */
  connections: number | null;
  /** Of them, those from before the drain that is under way. */
  old: number | null;
  /** Seconds since the last move of the drain. */
  elapsed: number | null;
}>;

export const noMoment: Moment = { connections: null, old: null, elapsed: null };

export function readMoment(stderr: string): Moment {
  const value = (name: string): number | null => {
    const digits = new RegExp(`^~ ${name} (\\d{1,9})$`, 'm').exec(stderr)?.[1];
    return digits === undefined ? null : Number(digits);
  };
  return { connections: value('connections'), old: value('old'), elapsed: value('elapsed') };
}

/** What goes by a more special route than the default one, comes in, or stays on the host is not counted. */
const count: Script = sh`awk '
function number(text,  p) { split(text, p, "."); return ((p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4] }
function away(text,  i) {
  if (text !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ || text ~ /^127\./) return 0
  for (i = 1; i <= nets; i++) if (int(number(text) / unit[i]) == base[i]) return 0
  return 1
}
function port(text) { sub(/.*:/, "", text); return text }
function bare(text) { sub(/:[^:]*$/, "", text); gsub(/[][]/, "", text); sub(/%.*/, "", text); sub(/^::ffff:/, "", text); return text }
function field(name,  i) { for (i = 2; i <= NF; i++) if (index($i, name) == 1) return substr($i, length(name) + 1); return "" }
$0 == "look" { look = 1 }
look && /^1: lo: / { look = look == 1 ? 2 : 0 }
look && $3 == "inet" { split($4, cut, "/"); own[cut[1]] }
look && /^[0-9.]+(\/[0-9]+)? / && !/ table / { nets++; bits = split($1, cut, "/") == 2 ? cut[2] : 32; unit[nets] = 2 ^ (32 - bits); base[nets] = int(number(cut[1]) / unit[nets]) }
$1 == "heard" { heard[port($2)] }
$1 == "mark" { value = $2; low = $3 }
$1 == "open" && !(port($2) in heard) && away(bare($3)) { all++ }
/ tcp / && / ESTABLISHED / && low && (field("src=") in own) && away(field("dst=")) && int(field("mark=") / low) % 256 == value { young++ }
END { print "~ connections " all + 0; if (low) print "~ old " (all > young ? all - young : 0) }
'`;

export const momentProbe: Script = block(
  sh`if [ -r ${drainFile} ]; then echo "~ elapsed $(( $(cut -d . -f 1 /proc/uptime) - $(cut -d ' ' -f 3 ${drainFile}) ))" >&2; fi`,
  sh`if command -v ss >/dev/null 2>&1; then
{
printf 'look\n%s\n' "$gwfleet_looked"
ss -Hltn | awk '{ print "heard", $4 }'
ss -Htn state established | awk '{ print "open", $3, $4 }'
printf '%s\n' "$gwfleet_saved" | sed -n 's/^-A ${drainChain} .*CONNMARK --set-xmark \(0x[0-9a-f]*\)\/\(0x[0-9a-f]*\).*/\1 \2/p' | head -n 1 | {
read -r gwfleet_young gwfleet_mask && if [ -r /proc/net/nf_conntrack ]; then
echo "mark $((gwfleet_young / (gwfleet_mask / 255))) $((gwfleet_mask / 255))"; cat /proc/net/nf_conntrack
elif command -v conntrack >/dev/null 2>&1; then
echo "mark $((gwfleet_young / (gwfleet_mask / 255))) $((gwfleet_mask / 255))"; conntrack -L -p tcp 2>/dev/null | sed 's/^/entry /'
fi
}
} | ${count} >&2
fi`,
);
