/**
 * The shell that brings the default routes from one state to another without a moment in which there is none: the
 * wanted one is put in place by `replace`, everything else is deleted afterwards. It looks at what is live, so the
 * same script undoes a change that stopped half-way.
 */
import { block, nothing, type Script, sh } from '../../shell/sh.ts';
import { steps } from '../steps.ts';
import { squeeze } from './look.ts';
import { type DefaultRouteState, partsOf, routeLine } from './state.ts';

export function applyRoutes(from: DefaultRouteState | null, to: DefaultRouteState | null): Script {
  const wanted = to?.routes ?? [];
  const before = from?.routes ?? [];
  if (wanted.join('\n') === before.join('\n')) return nothing;
  const metrics = [...new Set(wanted.map((route) => partsOf(route).metric))];
  return block(
    functions,
    metrics.length === 0 ? nothing : grouping,
    steps(
      ...metrics.map((metric) => group(wanted, metric)),
      metrics.length === 0 ? sh`gwfleet_read` : nothing,
      // It has read them all when the last metric has settled.
      sh`gwfleet_only ${wanted.map((route) => routeLine(route))}`,
    ),
  );
}

/** All routes of one metric: the kernel uses the first of them and keys them by their order. */
function group(wanted: readonly string[], metric: number): Script {
  const lines = wanted.filter((route) => partsOf(route).metric === metric).map((route) => routeLine(route));
  return sh`gwfleet_group ${metric} ${lines}`;
}

/**
 * `gwfleet_read` sets `$gwfleet_live`, the default routes as `routeText` spells them, one a line; `gwfleet_ip` changes one
 * and reads them in the same breath. A route is text of many words; ip splits it itself, as a batch.
 */
const functions: Script = block(
  squeeze,
  sh`gwfleet_lines() {
gwfleet_live=; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $1; do
gwfleet_squeeze "$gwfleet_line"
[ -n "$gwfleet_tos" ] || gwfleet_live="$gwfleet_live\${gwfleet_live:+$gwfleet_nl}$gwfleet_text"
done
IFS=$gwfleet_ifs; set +f
}
gwfleet_read() { gwfleet_lines "$(ip -4 -o route show default table main)"; }
gwfleet_ip() {
gwfleet_said=$(ip -4 -o -batch - <<GWFLEET
route $*
route show default table main
GWFLEET
) || return
gwfleet_lines "$gwfleet_said"
}
gwfleet_among() {
gwfleet_one=$1; shift
for gwfleet_word do [ "$gwfleet_word" != "$gwfleet_one" ] || return 0; done
return 1
}
gwfleet_other() {
gwfleet_extra=; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_live; do gwfleet_among "$gwfleet_line" "$@" || { gwfleet_extra=$gwfleet_line; break; }; done
IFS=$gwfleet_ifs; set +f
[ -n "$gwfleet_extra" ]
}
gwfleet_only() {
gwfleet_count=0
while gwfleet_other "$@"; do
gwfleet_ip del "$gwfleet_extra" || return
gwfleet_count=$((gwfleet_count + 1))
[ "$gwfleet_count" -lt 100 ] || return 1
done
for gwfleet_route do
case $gwfleet_nl$gwfleet_live$gwfleet_nl in *"$gwfleet_nl$gwfleet_route$gwfleet_nl"*) ;; *) echo "the kernel does not show the wanted route: $gwfleet_route" >&2; return 1 ;; esac
done
}`,
);

/**
 * `replace` changes the first route of its metric only, and fails when the same route
 * stands behind it; `del` takes the first that has the given words, which may be one that has more of them, so the
 * wanted one can be hit and is then put in place of the one that was meant.
 */
const grouping: Script = sh`gwfleet_of_metric() {
gwfleet_same=; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_live; do
case "$1 $gwfleet_line " in
"0 "*' metric '*) continue ;;
"0 "*|*" metric $1 "*) gwfleet_same="$gwfleet_same\${gwfleet_same:+$gwfleet_nl}$gwfleet_line" ;;
esac
done
IFS=$gwfleet_ifs; set +f
}
gwfleet_nth() {
gwfleet_there=; gwfleet_left=$1; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_same; do
gwfleet_left=$((gwfleet_left - 1))
[ "$gwfleet_left" != 0 ] || { gwfleet_there=$gwfleet_line; break; }
done
IFS=$gwfleet_ifs; set +f
}
gwfleet_group() {
gwfleet_metric=$1; shift
gwfleet_rounds=0
gwfleet_read
while [ "$gwfleet_rounds" -lt 100 ]; do
gwfleet_rounds=$((gwfleet_rounds + 1))
gwfleet_of_metric "$gwfleet_metric"
gwfleet_nth 1
if [ "$gwfleet_there" != "$1" ]; then
case $gwfleet_nl$gwfleet_same$gwfleet_nl in
*"$gwfleet_nl$1$gwfleet_nl"*) gwfleet_ip del "$gwfleet_there" || return ;;
*) if [ -n "$gwfleet_there" ] && gwfleet_among "$gwfleet_there" "$@"; then gwfleet_ip prepend "$1" || return
else gwfleet_ip replace "$1" || return; fi ;;
esac
continue
fi
gwfleet_at=0; gwfleet_step=
for gwfleet_route do
gwfleet_at=$((gwfleet_at + 1))
gwfleet_nth "$gwfleet_at"
[ "$gwfleet_there" != "$gwfleet_route" ] || continue
if [ -n "$gwfleet_there" ]; then gwfleet_step="del $gwfleet_there"; else gwfleet_step="append $gwfleet_route"; fi
break
done
if [ -z "$gwfleet_step" ]; then
gwfleet_nth $((gwfleet_at + 1))
[ -n "$gwfleet_there" ] || return 0
gwfleet_step="del $gwfleet_there"
fi
gwfleet_ip "$gwfleet_step" || return
done
echo "the default routes of metric $gwfleet_metric do not settle" >&2
return 1
}`;
