/**
 * Connections that had begun before there was a rule to translate them. What a reader gets wrong: the rule does not
 * reach them, NAT is decided by the first packet.
 */
import { parseNetwork } from '../../address/ipv4.ts';
import { block, type Script, sh } from '../../shell/sh.ts';

/**
 * Sets `gwfleet_spared` where nothing can have begun without a translation: no entries yet, and nothing comes through.
 * Of a file in /proc/sys `read` takes one byte, and only a zero begins with 0.
 */
export function untracked(internal: string): Script {
  return sh`gwfleet_spared=; gwfleet_entries=0; gwfleet_forwards=
{ [ ! -e /proc/sys/net/netfilter/nf_conntrack_count ] || read -r gwfleet_entries </proc/sys/net/netfilter/nf_conntrack_count
read -r gwfleet_forwards </proc/sys/net/ipv4/conf/${internal}/forwarding; } 2>/dev/null
[ "$gwfleet_entries$gwfleet_forwards" != 00 ] || gwfleet_spared=yes`;
}

/** Clears them, unless `untracked` has seen that there are none, or the rules are only tried. */
export function clearing(network: string, test: Script): Script {
  const clear = block(sh`if [ -z "$gwfleet_spared" ]; then`, clearUntranslated(network), sh`fi`);
  return test.text === '' ? clear : block(sh`if [ -z "$gwfleet_test" ]; then`, clear, sh`fi`);
}

/**
 * Connections that began before there was a rule keep their inside address until their entry goes: 1,000 of 1,000
 * leaked, deleted 0. Entries between the inside and itself (ssh to the gateway) are spared. Each deletion walks the
 * whole table (0.15 s at 20,000 entries), so there is one for each source, not one for each pair. What is not cleared
 * within 20 s goes on in the background: the guard's time runs. Best effort: without conntrack they time out.
 */
function clearUntranslated(network: string): Script {
  const { first, last } = parseNetwork(network) ?? { first: 0, last: 0 };
  return sh`if command -v conntrack >/dev/null 2>&1; then
(
conntrack -L -s ${network} 2>/dev/null | awk -v first=${first} -v last=${last} ${untranslated} | while read -r gwfleet_src gwfleet_dst; do
conntrack -D -s "$gwfleet_src" -d "$gwfleet_dst" -q "$gwfleet_src"
done
) </dev/null >/dev/null 2>&1 &
gwfleet_clearing=$!
gwfleet_n=0
while kill -0 "$gwfleet_clearing" 2>/dev/null && [ "$gwfleet_n" -lt 200 ]; do sleep 0.1 2>/dev/null || { sleep 1; gwfleet_n=$((gwfleet_n + 9)); }; gwfleet_n=$((gwfleet_n + 1)); done
fi
:`;
}

/**
 * Prints `SOURCE DESTINATIONS`, once for all of a source. One that is spared somewhere gets the networks beside the
 * inside that its entries lead to, at most one for each bit of the inside's prefix.
 */
const untranslated = `
function number(a,  p) { split(a, p, "."); return ((p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4] }
function beside(n,  i, size) {
  for (i = 1; i <= 32; i++) { size = 2 ^ (32 - i); if (int(n / size) != int(first / size)) break }
  n = int(n / size) * size
  return int(n / 16777216) "." int(n / 65536) % 256 "." int(n / 256) % 256 "." n % 256 "/" i
}
{
  s = 0; d = 0
  for (i = 1; i <= NF; i++) {
    if (substr($i, 1, 4) == "src=") source[++s] = substr($i, 5)
    if (substr($i, 1, 4) == "dst=") goal[++d] = substr($i, 5)
  }
  if (s < 2 || d < 2 || goal[2] != source[1]) next
  n = number(goal[1])
  if (n >= first + 0 && n <= last + 0) spared[source[1]] = 1
  else { leaks[source[1]] = 1; parts[source[1] " " beside(n)] = 1 }
}
END {
  for (one in leaks) if (!(one in spared)) print one, "0.0.0.0/0"
  for (one in parts) { split(one, part, " "); if (part[1] in spared) print one }
}
`;
