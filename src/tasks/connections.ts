/**
 * The one place that reads a host's connection table. `conntrack -L` where the tool is: /proc/net/nf_conntrack is not
 * in every kernel, and older ones walk it from the start for each page that is read. Both are brought to one spelling.
 * What a reader gets wrong: a table that cannot be read is not an empty one; the reader then ends with 3 and says why.
 */
import { block, type Script, sh } from '../shell/sh.ts';

/** Connections of one address: `ended` are those that only wait for their port to be free again. */
export interface AddressConnections {
  readonly address: string;
  readonly live: number;
  readonly ended: number;
}

/**
 * Defines `gwfleet_connections`: prints every IPv4 entry, one a line, as `conntrack -L` does: protocol, number, seconds,
 * state (TCP only), then `src= dst= sport= dport=` as they came in and once more as the answers come back.
 */
export const connectionsReader: Script = sh`gwfleet_connections() {
if [ ! -e /proc/sys/net/netfilter/nf_conntrack_count ]; then return 0; fi
if command -v conntrack >/dev/null 2>&1 && conntrack -L 2>/dev/null; then return 0; fi
if [ -r /proc/net/nf_conntrack ]; then sed -n 's/^ipv4 *[0-9]* //p' /proc/net/nf_conntrack; return; fi
echo 'the connection table cannot be read: there is no /proc/net/nf_conntrack, and conntrack does not work (apt install conntrack)' >&2
return 3
}`;

/** TCP states in which no data can come any more. TIME_WAIT keeps a port for 120 s, and nobody misses it. */
export const endedStates: readonly string[] = ['TIME_WAIT', 'CLOSE'];

/**
 * Prints `connections ADDRESS LIVE ENDED` for each address: entries whose answers come to it, or that were opened to
 * it. Ends with 3 when the table cannot be read. Defines what it needs; one pass over the table. Addresses that only
 * the host knows are given as shell text that is one word with blanks in it: sh`"$list"`.
 */
export function addressConnectionsScript(addresses: readonly string[] | Script): Script {
  const wanted = 'text' in addresses ? addresses : sh`${addresses.join(' ')}`;
  return block(
    connectionsReader,
    sh`(gwfleet_connections || echo unread) | awk -v wanted=${wanted} -v ended=${endedStates.join(' ')} ${counting}`,
  );
}

export function readAddressConnections(text: string): readonly AddressConnections[] {
  return text.split('\n').flatMap((line) => {
    const [, address = '', live, ended] = /^connections (\S+) (\d+) (\d+)$/.exec(line.trimEnd()) ?? [];
    return live === undefined ? [] : [{ address, live: Number(live), ended: Number(ended) }];
  });
}

const counting = `
BEGIN {
  count = split(wanted, list, " ")
  for (i = 1; i <= count; i++) asked[list[i]] = 1
  k = split(ended, names, " ")
  for (i = 1; i <= k; i++) over[names[i]] = 1
}
$0 == "unread" { exit bad = 3 }
{
  d = 0
  for (i = 3; i <= NF; i++) if (substr($i, 1, 4) == "dst=") goal[++d] = substr($i, 5)
  if (d == 0) next
  address = goal[d]
  if (!(address in asked)) address = goal[1]
  if (!(address in asked)) next
  if ($1 == "tcp" && ($4 in over)) done[address]++
  else live[address]++
}
END {
  if (bad) exit bad
  for (i = 1; i <= count; i++) print "connections", list[i], live[list[i]] + 0, done[list[i]] + 0
}
`;
