/**
 * What a gateway says of its own part when a webserver tries to leave through it: does it forward, is the cable in,
 * is there a next hop that answers, and under which address did the webserver's flows go out. Reads only.
 */
import { block, type Script, sh } from '../shell/sh.ts';
import { connectionsReader } from './connections.ts';

export interface GatewayLookOrder {
  readonly internalInterface: string;
  readonly externalInterface: string;
  /** The webserver whose flows are looked for. */
  readonly source: string;
}

/** A flow as the connection table has it: `seenAs` is where the answers go, the address that the outside sees. */
export interface SeenFlow {
  readonly key: string;
  readonly destination: string;
  readonly seenAs: string;
}

export interface GatewayLook {
  /** What is wrong on the gateway itself, in words; empty when nothing is. */
  readonly faults: readonly string[];
  readonly flows: readonly SeenFlow[];
  /** Packets that would have left untranslated and were dropped by the leak guard, since its table was made. */
  readonly leaks: number;
  /** Why the connection table could not be read, or undefined. */
  readonly unread: string | undefined;
}

export function gatewayLookScript(mark: string, order: GatewayLookOrder): Script {
  const { internalInterface: inside, externalInterface: outside, source } = order;
  return block(
    connectionsReader,
    sh`mark=${mark}
tell() { printf '%s %s\n' "$mark" "$*"; }
read -r on </proc/sys/net/ipv4/ip_forward; [ "$on" = 1 ] || tell "fault it does not forward: net.ipv4.ip_forward is $on"
for device in ${inside} ${outside}; do
[ -e "/sys/class/net/$device" ] || { tell "fault it has no interface $device"; continue; }
read -r on <"/proc/sys/net/ipv4/conf/$device/forwarding"; [ "$on" = 1 ] || tell "fault it does not forward what comes in by $device: net.ipv4.conf.$device.forwarding is $on"
on=; read -r on <"/sys/class/net/$device/carrier"; [ "$on" = 1 ] || tell "fault $device is down or has no carrier"
done 2>/dev/null
hop=$(ip -4 route show default | sed -n 's/^default via \([0-9.]*\).*/\1/p' | head -n 1)
way=$(ip -4 route show default | head -n 1)
if [ -z "$way" ]; then tell 'fault it has no default route itself'
elif [ -n "$hop" ]; then case $(ip -4 neigh show to "$hop") in *FAILED*|*INCOMPLETE*) tell "fault its own next hop $hop does not answer" ;; esac; fi
leaks=$(nft list table ip gwfleet_leak_guard 2>/dev/null | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p' | head -n 1)
[ -z "$leaks" ] || tell "leaks $leaks"
said=$( { gwfleet_connections | awk -v mark="$mark" -v source=${`src=${source}`} ${flowLines}; } 2>&1 ) || :
printf '%s\n' "$said" | grep "^$mark " || :
case $said in *'cannot be read'*) tell "unread $(printf '%s' "$said" | head -n 1)" ;; esac
tell looked`,
  );
}

/** Undefined: what came back is not the end of such a look. */
export function readGatewayLook(mark: string, stdout: string): GatewayLook | undefined {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1)] : []));
  if (!lines.includes('looked')) return undefined;
  return {
    faults: lines.flatMap((line) => (line.startsWith('fault ') ? [line.slice(6)] : [])),
    flows: lines.flatMap((line) => {
      const [, key = '', destination = '', seenAs] = /^flow (\S+) (\S+) (\S+)$/.exec(line) ?? [];
      return seenAs === undefined ? [] : [{ key, destination, seenAs }];
    }),
    leaks: Number(lines.find((line) => /^leaks \d+$/.test(line))?.slice(6) ?? 0),
    unread: lines.find((line) => line.startsWith('unread '))?.slice(7),
  };
}

/** Protocol and source port (or echo id) tell one flow of a webserver from another to the same destination. */
const flowLines = `
{
  n = 0; key = $1; mine = 0
  for (i = 3; i <= NF; i++) {
    if ($i == source && n == 0) mine = 1
    if (substr($i, 1, 4) == "dst=") goal[++n] = substr($i, 5)
    if (n == 1 && (substr($i, 1, 6) == "sport=" || substr($i, 1, 6) == "dport=" || substr($i, 1, 3) == "id=")) key = key "/" $i
  }
  if (mine && n == 2) print mark, "flow", key, goal[1], goal[2]
}
`;
