/**
 * How a host is asked about its default routes and what there is of a drain, out of the network look: in the shell
 * alone, since a host whose route is as it should be is looked at more often than any other. Words that move by
 * themselves (`linkdown`, `dead`) are left out.
 */
import { block, type Script, sh } from '../../shell/sh.ts';
import { drainChain, lookUsers } from './drain.ts';
import { drainFile } from './drain-script.ts';

/**
 * `gwfleet_squeeze LINE` sets `$gwfleet_text`, the words of a route or rule with single blanks and without its table,
 * `$gwfleet_table`, and `$gwfleet_tos` where it is for a type of service only.
 */
export const squeeze: Script = sh`gwfleet_nl='
'
gwfleet_blanks=" 	\\"
gwfleet_squeeze() {
gwfleet_was=$IFS; IFS=$gwfleet_blanks; set -f; set -- $1; IFS=$gwfleet_was
gwfleet_text=; gwfleet_table=; gwfleet_tos=
while [ $# -gt 0 ]; do
case $1 in
linkdown|dead) ;;
table) gwfleet_table=$2; shift ;;
*) [ "$1" != tos ] || gwfleet_tos=yes; gwfleet_text="$gwfleet_text\${gwfleet_text:+ }$1" ;;
esac
shift
done
}`;

/**
 * Sets `$gwfleet_routes`, the default routes of the main table, and `$gwfleet_drain`, lines about rules and tables of a
 * drain; each of them one a line.
 */
const sorted: Script = sh`
gwfleet_routes=; gwfleet_rules=; gwfleet_tables=; gwfleet_los=
gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_looked; do
case $gwfleet_line in
'1: lo: '*) gwfleet_los=$gwfleet_los+; [ "$gwfleet_los" = + ] || break ;;
7[789][0-9][0-9]:[!' ']*) gwfleet_squeeze "$gwfleet_line"; gwfleet_rules="\${gwfleet_rules}drain rule \${gwfleet_line%%:*}\${gwfleet_text#*:}$gwfleet_nl" ;;
*' table 7'[789][0-9][0-9]*) gwfleet_squeeze "$gwfleet_line"; gwfleet_tables="\${gwfleet_tables}drain table $gwfleet_table $gwfleet_text$gwfleet_nl" ;;
*' table '*) ;;
default' '*|[a-z]*' default '*) gwfleet_squeeze "$gwfleet_line"; [ -n "$gwfleet_tos" ] || gwfleet_routes="$gwfleet_routes\${gwfleet_routes:+$gwfleet_nl}$gwfleet_text" ;;
esac
done
IFS=$gwfleet_ifs; set +f
gwfleet_drain=$gwfleet_rules$gwfleet_tables`;

/**
 * The file is written before anything else of a drain and goes after everything else, so where there is none of these
 * three nobody needs to ask iptables. iptables-legacy would make a table by being asked for it, so only the save
 * program is used.
 */
const chain: Script = sh`
if [ -n "$gwfleet_drain" ] || [ -e ${drainFile} ]; then
gwfleet_saved=$(iptables-save 2>/dev/null)
gwfleet_drain=$gwfleet_drain$(printf '%s\n' "$gwfleet_saved" | sed -n -e 's/^-A ${drainChain} /drain chain /p' -e 's/^-A \(PREROUTING\) -j ${drainChain}$/drain jump \1/p' -e 's/^-A \(OUTPUT\) -m owner ! --uid-owner ${lookUsers} -j ${drainChain}$/drain jump \1/p'
if [ -r ${drainFile} ]; then cut -d ' ' -f 1-3 ${drainFile} | sed 's/^/drain file /'; fi)
fi`;

/** Prints both; nothing of a drain where none is. */
export const routesProbe: Script = block(
  squeeze,
  sorted,
  chain,
  sh`printf '%s\n' "$gwfleet_routes"`,
  sh`[ -z "$gwfleet_drain" ] || printf '%s\n' "$gwfleet_drain"`,
);
