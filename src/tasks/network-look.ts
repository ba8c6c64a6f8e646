/**
 * What `ip` knows of a host, asked by ONE process: a look costs a host what it forks, and each `ip` is a millisecond
 * of it. Every probe reads the answer out of `$gwfleet_looked`, in the shell or in one awk.
 */
import { parseAddress } from '../address/ipv4.ts';
import { block, type Script, sh } from '../shell/sh.ts';

/** Of a million routes those that a probe asks about, and one for each device. */
const fewer = `/^(local|broadcast) / { next }
/default / || / table 7[789]/ || / src / { print; next }
{ for (i = 1; i < NF; i++) if ($i == "dev" && !($(i + 1) in seen)) { seen[$(i + 1)]; print; next } }`;

/**
 * Sets `$gwfleet_looked`: links, IPv4 addresses, rules, routes of all tables, a line of `lo`, and where `$gwfleet_client`
 * is an IPv4 address the road to it and the route that it rides on; behind one more line of lo the roads to other
 * addresses that tasks ask for, as far as there are any. The second line of lo ends what a probe reads of the rest; it is
 * missing where ip has failed. A busybox' ip knows no batch: it is asked piece by piece, and the line of lo says so. So
 * is one with the routes of the whole internet, which a shell should not hold.
 */
export function networkLook(roads: readonly string[] = []): Script {
  const asked = [...new Set(roads)].filter((address) => parseAddress(address) !== undefined);
  const words =
    asked.length === 0 ? '' : ['link show dev lo', ...asked.map((one) => `route get ${one}`)].join('\n');
  return block(
    sh`gwfleet_nl='
'`,
    sh`gwfleet_roads=${words}; gwfleet_get=
case \${gwfleet_client-} in ''|*[!0-9.]*) ;; *) gwfleet_get="route get $gwfleet_client\${gwfleet_nl}route get $gwfleet_client fibmatch" ;; esac
gwfleet_looked=$(ip -4 -o -batch - 2>/dev/null <<GWFLEET
link show
addr show
rule show
route show table all
link show dev lo
$gwfleet_get
$gwfleet_roads
GWFLEET
)
[ \${#gwfleet_looked} -lt 500000 ] || gwfleet_looked=
case $gwfleet_looked in *"\${gwfleet_nl}1: lo: "*) ;; *)
gwfleet_looked=$( {
ip -o link show; ip -o -4 addr show && { ip -4 rule show; ip -4 -o route show table all | awk ${fewer}; echo '1: lo: asked apart'; }
[ -z "$gwfleet_get" ] || { ip -4 -o route get "$gwfleet_client"; ip -4 -o route get "$gwfleet_client" fibmatch; }
} 2>/dev/null | head -c 500000) ;;
esac`,
  );
}

/** Sets `$gwfleet_road` to what ip says of the road to an address; asks only where the look does not tell. */
export function roadTo(address: string): Script {
  return sh`gwfleet_road=
case "$gwfleet_nl\${gwfleet_looked##*"\${gwfleet_nl}1: lo: "}" in
*"$gwfleet_nl"${`${address} `}*) gwfleet_road=\${gwfleet_looked##*"$gwfleet_nl"${`${address} `}}; gwfleet_road=" \${gwfleet_road%%"$gwfleet_nl"*}" ;;
*) gwfleet_road=$(ip -4 -o route get ${address} 2>/dev/null) ;;
esac`;
}

/** The same for a probe that may stand alone: a look that was made for all of them is not made again. */
export const networkLooked: Script = block(
  sh`if [ -z "\${gwfleet_looked-}" ]; then`,
  networkLook(),
  sh`fi`,
  sh`case $gwfleet_looked in *"\${gwfleet_nl}1: lo: "*) ;; *) ip -o -4 addr show >/dev/null; echo 'ip has not told the addresses of this host' >&2; exit 1 ;; esac`,
);
