/**
 * The shell that brings the default routes from one state to another without a moment in which there is none: the
 * wanted one is put in place by `replace`, everything else is deleted afterwards. It looks at what is live, so the
 * same script undoes a change that stopped half-way.
 */
import { block, nothing, type Script, sh } from '../../shell/sh.ts';
import { steps } from '../steps.ts';
import { type DefaultRouteState, partsOf, routeLine } from './state.ts';

/** Lines of `ip route` without the words that move by themselves. */
const routeWords: Script = sh`sed -e 's/[\\[:blank:]]/ /g' -e 's/ linkdown\( \|$\)/ /g' -e 's/ dead\( \|$\)/ /g' -e 's/  */ /g' -e 's/ *$//'`;

/** Prints the default routes as `routeText` spells them. */
const listing: Script = sh`ip -4 -o route show default table main | ${routeWords} | grep -v ' tos '`;

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
      sh`gwfleet_only ${wanted.map((route) => routeLine(route))}`,
    ),
  );
}

/** All routes of one metric: the kernel uses the first of them and keys them by their order. */
function group(wanted: readonly string[], metric: number): Script {
  const lines = wanted.filter((route) => partsOf(route).metric === metric).map((route) => routeLine(route));
  return sh`gwfleet_group ${metric} ${lines}`;
}

/** A route is text of many words; ip splits it itself, as a batch. */
const functions: Script = sh`gwfleet_routes() {
${listing}
}
gwfleet_ip() {
printf 'route %s\n' "$*" | ip -batch -
}
gwfleet_among() {
gwfleet_one=$1; shift
for gwfleet_word do [ "$gwfleet_word" != "$gwfleet_one" ] || return 0; done
return 1
}
gwfleet_only() {
gwfleet_count=0
while gwfleet_extra=$(gwfleet_routes | { while read -r gwfleet_live; do gwfleet_among "$gwfleet_live" "$@" || { printf '%s\n' "$gwfleet_live"; exit 0; }; done; exit 1; }); do
gwfleet_ip del "$gwfleet_extra" || return
gwfleet_count=$((gwfleet_count + 1))
[ "$gwfleet_count" -lt 100 ] || return 1
done
for gwfleet_route do
gwfleet_routes | grep -q -F -x -e "$gwfleet_route" || { echo "the kernel does not show the wanted route: $gwfleet_route" >&2; return 1; }
done
}`;

/**
 * `replace` changes the first route of its metric only, and fails when the same route
 * stands behind it; `del` takes the first that has the given words, which may be one that has more of them, so the
 * wanted one can be hit and is then put in place of the one that was meant.
 */
const grouping: Script = sh`gwfleet_of_metric() {
if [ "$1" = 0 ]; then gwfleet_routes | grep -v ' metric '; else gwfleet_routes | grep -e " metric $1 " -e " metric $1\$"; fi
}
gwfleet_group() {
gwfleet_metric=$1; shift
gwfleet_rounds=0
while [ "$gwfleet_rounds" -lt 100 ]; do
gwfleet_rounds=$((gwfleet_rounds + 1))
gwfleet_live=$(gwfleet_of_metric "$gwfleet_metric")
gwfleet_first=$(printf '%s\n' "$gwfleet_live" | head -n 1)
if [ "$gwfleet_first" != "$1" ]; then
if printf '%s\n' "$gwfleet_live" | grep -q -F -x -e "$1"; then gwfleet_ip del "$gwfleet_first" || return
elif [ -n "$gwfleet_first" ] && gwfleet_among "$gwfleet_first" "$@"; then gwfleet_ip prepend "$1" || return
else gwfleet_ip replace "$1" || return; fi
continue
fi
gwfleet_at=0; gwfleet_step=
for gwfleet_route do
gwfleet_at=$((gwfleet_at + 1))
gwfleet_there=$(printf '%s\n' "$gwfleet_live" | sed -n "$gwfleet_at"p)
[ "$gwfleet_there" != "$gwfleet_route" ] || continue
if [ -n "$gwfleet_there" ]; then gwfleet_step="del $gwfleet_there"; else gwfleet_step="append $gwfleet_route"; fi
break
done
if [ -z "$gwfleet_step" ]; then
gwfleet_there=$(printf '%s\n' "$gwfleet_live" | sed -n "$((gwfleet_at + 1))"p)
[ -n "$gwfleet_there" ] || return 0
gwfleet_step="del $gwfleet_there"
fi
gwfleet_ip "$gwfleet_step" || return
done
echo "the default routes of metric $gwfleet_metric do not settle" >&2
return 1
}`;
