/**
 * What a host has to do beside having an address that another host had: forget what it remembers of an earlier time
 * with it, and tell the neighbours. Each script asks the host which of the addresses it has, not the inventory.
 */
import { type Script, sh } from '../shell/sh.ts';

/**
 * Entries of conntrack under addresses that the host does not have are of connections that have gone on elsewhere.
 * They hold ports: 12 of 500 connections that came back with their addresses got another port and were reset.
 */
export function forgetScript(mark: string, addresses: readonly string[]): Script {
  return sh`mark=${mark}
if command -v conntrack >/dev/null 2>&1; then
for address in ${addresses}; do
ip -o -4 addr show 2>/dev/null | grep -q -F " inet $address/" || conntrack -D -q "$address" >/dev/null 2>&1
done
fi
printf '%s done 0\n' "$mark"`;
}

/** Gratuitous ARP for those of the addresses that are on the device. */
export function announceScript(mark: string, device: string, addresses: readonly string[]): Script {
  return sh`mark=${mark}
count=0
if command -v arping >/dev/null 2>&1; then
for address in ${addresses}; do
ip -o -4 addr show dev ${device} 2>/dev/null | grep -q -F " inet $address/" || continue
count=$((count + 1))
arping -q -U -c 2 -I ${device} "$address" </dev/null >/dev/null 2>&1 &
[ $((count % 32)) -ne 0 ] || wait
done
wait
fi
printf '%s done %s\n' "$mark" "$count"`;
}

/** How many addresses were announced; undefined: what came back is not the end of such a script. */
export function readDone(mark: string, stdout: string): number | undefined {
  const digits = new RegExp(`^${mark} done (\\d+)$`, 'm').exec(stdout)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
