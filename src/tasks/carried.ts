/** How many live connections a gateway carries, by the webserver that opened them: only the gateway itself knows all. */
import { block, type Script, sh } from '../shell/sh.ts';
import { connectionsReader } from './connections.ts';

/** `SOURCE COUNT` for each. What ends at the gateway itself does not leave through it. */
export function carriedScript(mark: string): Script {
  return block(
    connectionsReader,
    sh`mark=${mark}
own=$(ip -4 -o addr show | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | tr '\n' ' ')
(gwfleet_connections || echo unread) | awk -v mark="$mark" -v own="$own" ${counting}`,
  );
}

/** Undefined: the table could not be read. */
export function readCarried(mark: string, stdout: string): ReadonlyMap<string, number> | undefined {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1)] : []));
  if (!lines.includes('counted')) return undefined;
  return new Map(
    lines.flatMap((line) => {
      const [, source = '', count] = /^from (\S+) (\d+)$/.exec(line) ?? [];
      return count === undefined ? [] : [[source, Number(count)] as const];
    }),
  );
}

/** TCP from the answer to the last FIN, and datagram flows that went both ways for a while: no single name lookups. */
const counting = `
BEGIN { n = split(own, list, " "); for (i = 1; i <= n; i++) mine[list[i]] = 1 }
$0 == "unread" { exit bad = 3 }
($1 == "tcp" && $4 ~ /^(SYN_RECV|ESTABLISHED|FIN_WAIT|CLOSE_WAIT)$/) || ($1 == "udp" && /\\[ASSURED\\]/) {
  source = goal = ""
  for (i = 3; i <= NF && (source == "" || goal == ""); i++) {
    if (source == "" && substr($i, 1, 4) == "src=") source = substr($i, 5)
    else if (goal == "" && substr($i, 1, 4) == "dst=") goal = substr($i, 5)
  }
  if (!(source in mine) && !(goal in mine)) count[source]++
}
END {
  if (bad) exit bad
  for (source in count) print mark, "from", source, count[source]
  print mark, "counted"
}
`;
