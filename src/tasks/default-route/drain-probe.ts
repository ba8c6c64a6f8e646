/** How a host whose route is to move is asked whether a drain could begin. */
import { block, feed, type Script, sh } from '../../shell/sh.ts';
import { drainChain, lookUsers } from './drain.ts';
import { generationFile } from './drain-script.ts';

/**
 * Whether a drain could begin: the last generation, marks and rules of others, and a trial of the very rules in a
 * network namespace of its own, which is how a missing module is found before anything is touched.
 */
export const readinessProbe: Script = block(
  sh`printf '~ generation %s\n' "$(cat ${generationFile} 2>/dev/null)"`,
  // Looks through single gateways (tasks/through.ts) come and go: they are in nobody's way, and no plan grows stale by them.
  sh`printf '%s\n' "$gwfleet_looked" | sed -n -e '/^[0-9]*:[[:blank:]]*\(not \)*from /!d' -e '/^76[0-8][0-9]:.* uidrange 776[0-8][0-9]-/d' -e 's/^\([0-9]*\):.* fwmark \([^ ]*\).*/~ rule \1 \2/p' -e t -e 's/^\([0-9]*\):.*/~ rule \1 -/p'`,
  sh`iptables-save 2>/dev/null | grep -v -e ' ${drainChain} ' | grep -o -E -e '--(mark|set-mark|set-xmark|ctmask|nfmask|and-mark|or-mark|xor-mark) [0-9a-fx/]+' | sort -u | sed 's/^/~ mark /'`,
  sh`for gwfleet_word in $gwfleet_away $gwfleet_device all; do printf '~ rp_filter %s %s\n' "$gwfleet_word" "$(cat "/proc/sys/net/ipv4/conf/$gwfleet_word/rp_filter" 2>/dev/null)"; done`,
  feed(
    `*mangle
:TRIAL - [0:0]
-A TRIAL -i lo -j RETURN
-A TRIAL -p tcp --syn -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x10000/0xff0000
-A TRIAL -p tcp --syn -m conntrack --ctstatus ASSURED -j CONNMARK --set-xmark 0x10000/0xff0000
-A TRIAL -m connmark --mark 0x10000/0xff0000 -j MARK --set-xmark 0x10000/0xff0000
-A OUTPUT -m owner ! --uid-owner ${lookUsers} -j TRIAL
COMMIT`,
    sh`gwfleet_trial() {
if ! command -v iptables-restore >/dev/null 2>&1; then echo '~ trial iptables is not installed (apt install iptables)'; return; fi
if ! unshare -n true 2>/dev/null; then echo '~ trial untried'; return; fi
if gwfleet_said=$(unshare -n sh -c 'iptables-restore --noflush -w 5 && ip rule add pref 7700 lookup main suppress_prefixlength 0 && ip rule add pref 7701 fwmark 0xff0000/0xff0000 lookup 7701' 2>&1); then echo '~ trial works'
else printf '~ trial %s\n' "$(printf '%s\n' "$gwfleet_said" | grep -v -e '^#' -e 'Try .iptables' | head -n 2 | tr '\n' ' ')"; fi
}
gwfleet_trial`,
  ),
);
