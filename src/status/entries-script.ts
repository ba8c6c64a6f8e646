/**
 * One pass over the connection table, on the host: hundreds of thousands of entries become some dozen lines. It runs at
 * the lowest priority, reads a stream, and keeps a bounded number of counts. What a reader gets wrong: a port is used
 * by its entry whatever its state, so fill counts closed connections, too; how many these are is told beside it.
 */
import { parseNetwork } from '../address/ipv4.ts';
import { block, type Script, sh } from '../shell/sh.ts';

export interface EntriesOrder {
  readonly pool: readonly string[];
  /** First and last address of the internal network, as numbers. */
  readonly inside: { readonly first: number; readonly last: number };
}

/** Above so many counts the smallest are dropped; how much that hides at most is told. */
const mostCounts = 65_536;

/**
 * Lines: `pass ENTRIES COUNTS HIDDEN`, `unnatted N`, `address A ENTRIES CLOSED`, `fill A PROTOCOL DESTINATION PORT
 * ENTRIES CLOSED` (the three fullest of each address), `client A ENTRIES LIVE`. Where neither way is open: `pass none`.
 */
export function entriesScript({ pool, inside }: EntriesOrder): Script {
  const variables = [
    ...['-v', `pool=${pool.join(' ')}`],
    ...['-v', `first=${inside.first}`, '-v', `last=${inside.last}`, '-v', `most=${mostCounts}`],
  ];
  return block(
    sh`set --; if command -v nice >/dev/null 2>&1; then set -- nice -n 19; fi`,
    sh`gwfleet_own=$(ip -4 -o addr show | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | tr '\n' ' ')`,
    sh`gwfleet_pass() { "$@" awk ${variables} -v own="$gwfleet_own" ${program}; }`,
    sh`if [ -r /proc/net/nf_conntrack ]; then gwfleet_pass "$@" </proc/net/nf_conntrack
elif command -v conntrack >/dev/null 2>&1; then "$@" conntrack -L 2>/dev/null | gwfleet_pass "$@"
else echo 'pass none'; fi`,
  );
}

/** The internal network as numbers; what is not one is the default of the inventory. */
export function insideOf(network: string | undefined): EntriesOrder['inside'] {
  const read = network === undefined ? undefined : parseNetwork(network);
  return read ?? { first: 10 * 2 ** 24, last: 11 * 2 ** 24 - 1 };
}

/** For mawk, gawk and busybox awk. Both spellings of an entry: /proc has two words more in front than conntrack. */
const program = String.raw`
BEGIN {
  n = split(pool, list, " "); for (i = 1; i <= n; i++) pooled[list[i]] = 1
  n = split(own, list, " "); for (i = 1; i <= n; i++) mine[list[i]] = 1
}
function inside(a,  q, v) {
  if (a in known) return known[a]
  if (++remembered > most) { split("", known); remembered = 1 }
  split(a, q, ".")
  v = ((q[1] * 256 + q[2]) * 256 + q[3]) * 256 + q[4]
  return known[a] = (v >= first && v <= last)
}
function prune(  k, least) {
  for (least = 1; keys > most; least++) {
    for (k in count) if (count[k] <= least) { delete count[k]; delete closed[k]; keys-- }
    hidden++
  }
}
function place(k,  a, i) {
  a = substr(k, 1, index(k, " ") - 1)
  for (i = 3; i >= 1 && count[k] > best[a, i] + 0; i--) {
    best[a, i + 1] = best[a, i]; name[a, i + 1] = name[a, i]
    best[a, i] = count[k]; name[a, i] = k
  }
}
$1 == "ipv6" { next }
{
  at = $1 == "ipv4" ? 3 : 1
  s = at + 3
  while (substr($s, 1, 4) != "src=") if (++s > at + 6) next
  r = s + 4
  while (substr($r, 1, 4) != "src=") if (++r > s + 10) next
  entries++
  source = substr($s, 5); dest = substr($(s + 1), 5); answer = substr($(r + 1), 5)
  ours = inside(source)
  if (!(answer in pooled) && (answer == source || !ours)) {
    if (ours && !inside(dest) && !(dest in mine) && dest !~ /^(22[4-9]|2[3-5][0-9])\./) unnatted++
    next
  }
  state = s > at + 3 ? $(s - 1) : ""
  over = state == "TIME_WAIT" || state == "CLOSE"
  port = $(s + 3)
  key = answer " " $at " " dest " " (substr(port, 1, 6) == "dport=" ? substr(port, 7) : 0)
  if (key in count) count[key]++
  else { count[key] = 1; if (++keys > most) prune() }
  total[answer]++
  if (over) { if (key in count) closed[key]++; ended[answer]++ }
  if (ours && !(dest in mine)) {
    clients[source]++
    if (state == "ESTABLISHED" || state == "SYN_RECV" || state == "FIN_WAIT" || state == "CLOSE_WAIT" || ($at != "tcp" && /\[ASSURED\]/)) live[source]++
  }
}
END {
  print "pass", entries + 0, keys + 0, hidden + 0
  print "unnatted", unnatted + 0
  for (a in total) print "address", a, total[a], ended[a] + 0
  for (k in count) place(k)
  for (a in total) for (i = 1; i <= 3; i++) if (((a, i) in name) && name[a, i] != "") print "fill", name[a, i], best[a, i], closed[name[a, i]] + 0
  for (c in clients) print "client", c, clients[c], live[c] + 0
}`;
