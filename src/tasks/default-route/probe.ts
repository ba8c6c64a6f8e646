/** How a host is asked about its default route: what there is, and only where a move is ahead what that would meet. */
import { block, nothing, type Script, sh } from '../../shell/sh.ts';
import { networkLooked, roadTo } from '../network-look.ts';
import { requireTool } from '../steps.ts';
import { readinessProbe } from './drain-probe.ts';
import { routesProbe } from './look.ts';
import { momentProbe } from './moment.ts';

interface Asked {
  readonly via: string;
  /** Empty: the one that leads to the next hop. */
  readonly device: string;
  readonly drains: boolean;
}

/**
 * A host whose route is as it should be is asked no more than that: what it costs a move is asked where one is ahead.
 * busybox' ip does not print protocol and mtu, so a route could not be put back as it was.
 */
export function routeProbe({ via, device, drains }: Asked): Script {
  return block(
    requireTool('ip', 'iproute2'),
    networkLooked,
    sh`case $gwfleet_looked in *'1: lo: asked apart'*) ip -V 2>&1 | grep -q iproute2 || { echo 'ip on the host is not that of iproute2: apt install iproute2' >&2; exit 127; } ;; esac`,
    routesProbe,
    // Whole words: `via 10.0.0.1` is not in `via 10.0.0.11`.
    sh`case "$gwfleet_drain\${gwfleet_routes%%"$gwfleet_nl"*} " in ${`default via ${via} `}*) echo '~ next hop unasked'; exit 0 ;; esac`,
    sh`if [ -n "$gwfleet_routes$gwfleet_drain" ]; then`,
    momentProbe,
    sh`fi`,
    sh`case "\${gwfleet_routes%%"$gwfleet_nl"*} " in ${`default via ${via} `}*) echo '~ next hop unasked'; exit 0 ;; esac`,
    sh`gwfleet_device=${device}`,
    sh`if [ -z "$gwfleet_device" ]; then
${roadTo(via)}
case $gwfleet_road in *' dev '*) gwfleet_device=\${gwfleet_road##* dev }; gwfleet_device=\${gwfleet_device%% *} ;; esac
fi`,
    drains ? sh`if [ -n "$gwfleet_routes" ]; then` : nothing,
    drains ? readiness : nothing,
    drains ? sh`fi` : nothing,
    linkFlags,
    sh`case $gwfleet_flags in ''|*NOARP*|*LOOPBACK*|*POINTOPOINT*) echo '~ next hop unasked'; exit 0 ;; esac`,
    asked(via),
  );
}

/** `eth0@if4: <BROADCAST,MULTICAST,UP>` */
const linkFlags: Script = sh`gwfleet_flags=; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_looked; do
case $gwfleet_line in [0-9]*": $gwfleet_device: <"*|[0-9]*": $gwfleet_device@"*': <'*) gwfleet_flags=\${gwfleet_line#*<}; gwfleet_flags=\${gwfleet_flags%%>*}; break ;; esac
done
IFS=$gwfleet_ifs; set +f`;

const readiness: Script = block(
  sh`gwfleet_away=\${gwfleet_routes%%"$gwfleet_nl"*}
case $gwfleet_away in *' dev '*) gwfleet_away=\${gwfleet_away##* dev }; gwfleet_away=\${gwfleet_away%% *} ;; *) gwfleet_away= ;; esac`,
  readinessProbe,
);

/** By arping where it is; else the neighbour table tells after a ping, whatever became of the ping itself. */
function asked(via: string): Script {
  return sh`gwfleet_heard=silent
if command -v arping >/dev/null 2>&1; then
if arping -q -f -c 2 -w 2 -I "$gwfleet_device" ${via} >/dev/null 2>&1; then gwfleet_heard=answers; fi
elif command -v ping >/dev/null 2>&1; then
ping -c 1 -W 2 -I "$gwfleet_device" ${via} >/dev/null 2>&1
case "$(ip -4 neigh show to ${via} dev "$gwfleet_device")" in *FAILED*|*INCOMPLETE*) ;; *lladdr*) gwfleet_heard=answers ;; esac
else gwfleet_heard=unasked; fi
echo "~ next hop $gwfleet_heard"`;
}
