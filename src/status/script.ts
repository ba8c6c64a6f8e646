/**
 * What `status` asks of a host beside the plan's own probe, in the same exec. It reads only and writes nowhere. Each
 * line begins with a word that says what it is.
 */
import { pendingProbe } from '../guard/pending.ts';
import { block, type Script, sh } from '../shell/sh.ts';
import { type EntriesOrder, entriesScript } from './entries-script.ts';

export function gatewayScript(order: EntriesOrder): Script {
  return block(
    sh`cd /proc/sys/net/netfilter 2>/dev/null && printf 'table %s %s\n' "$(cat nf_conntrack_count)" "$(cat nf_conntrack_max)"; cd /`,
    sh`if [ -r /proc/net/stat/nf_conntrack ]; then sed 's/^/stat /' /proc/net/stat/nf_conntrack
elif command -v conntrack >/dev/null 2>&1; then conntrack -S 2>/dev/null | sed 's/^/cpu /'; fi`,
    sh`nft list table ip gwfleet_leak_guard 2>/dev/null | sed -n 's/.*counter packets \([0-9]*\) bytes.* drop$/leaked \1/p'`,
    entriesScript(order),
    pendingProbe,
    // User and system time of what has run: the price of this look.
    sh`times`,
  );
}

export const webserverScript: Script = block(
  sh`ip -4 -o route show default table main 2>/dev/null | sed 's/^/route /'`,
  pendingProbe,
);
