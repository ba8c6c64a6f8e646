/**
 * The shell that brings the default routes from one state to another without a moment in which there is none: the
 * wanted one is put in place by `replace`, everything else is deleted afterwards. It looks at what is live, so the
 * same script undoes a change that stopped half-way.
 */
import { block, nothing, type Script, sh } from '../../shell/sh.ts';
import { steps } from '../steps.ts';
import { type DefaultRouteState, partsOf } from './state.ts';

/** Prints the default routes as `routeText` spells them, without the words that move by themselves. */
export const listing: Script = sh`ip -4 -o route show default table main | sed -e 's/[\\[:blank:]]/ /g' -e 's/ linkdown\( \|$\)/ /g' -e 's/ dead\( \|$\)/ /g' -e 's/  */ /g' -e 's/ *$//' | grep -v ' tos '`;

export function applyRoutes(from: DefaultRouteState | null, to: DefaultRouteState | null): Script {
  const wanted = to?.routes ?? [];
  const before = from?.routes ?? [];
  if (wanted.join('\n') === before.join('\n')) return nothing;
  const metrics = [...new Set(wanted.map((route) => partsOf(route).metric))];
  return block(
    functions,
    steps(...metrics.map((metric) => group(wanted, metric)), sh`gwfleet_only ${wanted.map(line)}`),
  );
}

/** All routes of one metric: the kernel uses the first of them and keys them by their order. */
function group(wanted: readonly string[], metric: number): Script {
  const lines = wanted.filter((route) => partsOf(route).metric === metric).map(line);
  return sh`gwfleet_first ${metric} ${lines}`;
}

function line(route: string): string {
  const { type } = partsOf(route);
  return type === '' ? `default ${route}` : route.replace(type, `${type} default`);
}

/**
 * Words of a route are split by the shell on purpose: they come from `ip` itself or from checked addresses.
 * `replace` changes the first route of its metric only, and fails when the same route stands behind the first.
 */
const functions: Script = sh`gwfleet_routes() {
${listing}
}
gwfleet_of_metric() {
if [ "$1" = 0 ]; then gwfleet_routes | grep -v ' metric '; else gwfleet_routes | grep -e " metric $1 " -e " metric $1\$"; fi
}
gwfleet_wanted() {
gwfleet_one=$1; shift
for gwfleet_word do [ "$gwfleet_word" != "$gwfleet_one" ] || return 0; done
return 1
}
gwfleet_first() {
gwfleet_metric=$1; shift
gwfleet_live=$(gwfleet_of_metric "$gwfleet_metric" | head -n 1)
if [ "$gwfleet_live" != "$1" ]; then
if gwfleet_of_metric "$gwfleet_metric" | grep -q -F -x -e "$1"; then
ip route del $1 || return
gwfleet_live=$(gwfleet_of_metric "$gwfleet_metric" | head -n 1)
fi
gwfleet_verb=replace
if [ -n "$gwfleet_live" ] && gwfleet_wanted "$gwfleet_live" "$@"; then gwfleet_verb=prepend; fi
ip route "$gwfleet_verb" $1 || return
fi
shift
for gwfleet_route do
gwfleet_of_metric "$gwfleet_metric" | grep -q -F -x -e "$gwfleet_route" || ip route append $gwfleet_route || return
done
}
gwfleet_only() {
for gwfleet_route do
gwfleet_routes | grep -q -F -x -e "$gwfleet_route" || { echo "the kernel does not show the wanted route: $gwfleet_route" >&2; return 1; }
done
gwfleet_routes | { gwfleet_code=0
while read -r gwfleet_live; do
gwfleet_wanted "$gwfleet_live" "$@" || ip route del $gwfleet_live || gwfleet_code=1
done
[ "$gwfleet_code" = 0 ]; }
}`;
