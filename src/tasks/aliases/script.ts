/**
 * The shell that brings addresses from one state to another. Every step looks first and does what is missing, so
 * that the same script undoes a change that stopped half-way. New addresses come before old ones go.
 */
import { block, feed, nothing, type Script, sh } from '../../shell/sh.ts';
import { steps } from '../steps.ts';
import { type AliasesState, type HostAddress, heldAddresses, sameAddress } from './state.ts';

export function applyAliases(from: AliasesState | null, to: AliasesState | null): Script {
  const olds = heldAddresses(from);
  const news = heldAddresses(to);
  const fresh = news.filter((one) => !olds.some((old) => sameAddress(old, one)));
  const gone = olds.filter((old) => !news.some((one) => sameKey(old, one)));
  if (fresh.length + gone.length === 0) return nothing;
  return block(
    dropping,
    fresh.length === 0 ? nothing : putting,
    fresh.every(follows) ? nothing : leading,
    steps(...putAll(fresh), ...gone.map(drop)),
    resetCut(gone.filter(({ address }) => (from?.live[address] ?? 0) > 0)),
    announce(fresh),
  );
}

/**
 * Connections that are cut would hang until their timeouts. Without its entry, the next packet of one leaves by another
 * address, and the other side, which knows of no such connection, resets it. Best effort, like everything after a cut.
 */
function resetCut(cut: readonly HostAddress[]): Script {
  if (cut.length === 0) return nothing;
  const addresses = cut.map(({ address }) => address);
  return sh`if command -v conntrack >/dev/null 2>&1; then for gwfleet_cut in ${addresses}; do conntrack -D -q "$gwfleet_cut" >/dev/null 2>&1; done; fi
:`;
}

/** The kernel's key of an address; label and broadcast hang on it and cannot be changed in place. */
function sameKey(left: HostAddress, right: HostAddress): boolean {
  return left.interface === right.interface && left.address === right.address && left.prefix === right.prefix;
}

/** One by one, but where none of several is there yet by two calls of ip instead of two for each. */
function putAll(fresh: readonly HostAddress[]): readonly Script[] {
  const [first, ...more] = fresh;
  if (first === undefined || more.length === 0 || !fresh.every(follows)) return fresh.map(put);
  if (!more.every((one) => one.interface === first.interface)) return fresh.map(put);
  const adds = fresh.map((one) => addWords(one).join(' ')).join('\n');
  const together = feed(adds, sh`gwfleet_put_all ${first.interface} ${fresh.map(({ address }) => address)}`);
  return [puttingAll, block(sh`if ! {`, together, sh`} 2>/dev/null; then`, steps(...fresh.map(put)), sh`fi`)];
}

/** Whether it need not be the first of its subnet. */
function follows({ secondary, prefix }: HostAddress): boolean {
  return secondary || prefix === 32;
}

function put(one: HostAddress): Script {
  const flag = one.noPrefixRoute ? 'noprefixroute' : '-';
  const words = [one.interface, cidr(one), one.broadcast ?? '-', one.label, flag];
  const put = sh`gwfleet_put ${words} ${['ip', ...addWords(one)]}`;
  return follows(one) ? put : sh`${put} && gwfleet_lead ${one.interface} ${cidr(one)}`;
}

function addWords(one: HostAddress): readonly string[] {
  const broadcast = one.broadcast === null ? [] : ['brd', one.broadcast];
  const flags = one.noPrefixRoute ? ['noprefixroute'] : [];
  return ['addr', 'add', cidr(one), ...broadcast, 'dev', one.interface, 'label', one.label, ...flags];
}

function drop(one: HostAddress): Script {
  return sh`gwfleet_drop ${one.interface} ${cidr(one)}`;
}

function cidr({ address, prefix }: HostAddress): string {
  return `${address}/${prefix}`;
}

/**
 * Gratuitous ARP, twice, in the background: without it 500 of 500 connections stalled for 8 s and more after a
 * move, with it 1 s. 32 at a time, so that a big pool is no fork bomb.
 */
function announce(fresh: readonly HostAddress[]): Script {
  if (fresh.length === 0) return nothing;
  const words = fresh.flatMap((one) => [one.interface, one.address]);
  return sh`if command -v arping >/dev/null 2>&1; then
(
gwfleet_n=0
set -- ${words}
while [ $# -gt 1 ]; do
arping -q -U -c 2 -I "$1" "$2" &
shift 2; gwfleet_n=$((gwfleet_n + 1))
[ $((gwfleet_n % 32)) -ne 0 ] || wait
done
wait
) </dev/null >/dev/null 2>&1 &
fi`;
}

/**
 * gwfleet_line sets `$gwfleet_seen`, what the kernel says of an address. gwfleet_drop: the first address of a subnet
 * takes the others along unless promote_secondaries is set, so it is set for the moment of the deletion where others
 * are there.
 */
const dropping: Script = sh`gwfleet_line() {
gwfleet_seen=; gwfleet_key=$2; gwfleet_ifs=$IFS; IFS='
'; set -f
gwfleet_rows=$(ip -o -4 addr show dev "$1" to "\${2%/*}/32" 2>/dev/null)
set -- $gwfleet_rows
IFS=' '
for gwfleet_row do
set -- \${gwfleet_row%%\\*}
case " $* " in *" inet $gwfleet_key "*) gwfleet_seen=$* ;; esac
done
IFS=$gwfleet_ifs; set +f
[ -n "$gwfleet_seen" ]
}
gwfleet_drop() {
gwfleet_line "$1" "$2" || return 0
gwfleet_promote=
case "$gwfleet_seen" in
*' secondary '*) ;;
*) if [ "$(ip -o -4 addr show dev "$1" to "$2" | wc -l)" -gt 1 ]; then
gwfleet_promote=/proc/sys/net/ipv4/conf/$1/promote_secondaries
if [ "$(cat "$gwfleet_promote")" = 1 ]; then gwfleet_promote=
elif ! { echo 1 >"$gwfleet_promote"; } 2>/dev/null; then
echo "$2 is the first address of its subnet on $1, others would go with it, and promote_secondaries cannot be set" >&2
return 1
fi
fi ;;
esac
ip addr del "$2" dev "$1"
gwfleet_code=$?
[ -z "$gwfleet_promote" ] || echo 0 >"$gwfleet_promote"
return "$gwfleet_code"
}`;

/**
 * gwfleet_lead: makes an address the first of its subnet again, as it was before a change took it. The kernel puts a
 * new one last, so those before it go one by one (it is there already, the subnet is never without an address) and
 * come back behind it as they were; so do the routes that name them as their source.
 */
const leading: Script = sh`gwfleet_lead() {
gwfleet_line "$1" "$2" || return 1
case "$gwfleet_seen" in *' secondary '*) ;; *) return 0 ;; esac
gwfleet_others=$(ip -o -4 addr show dev "$1" to "$2" | grep -F -e "/\${2#*/} " | grep -v -F -e " inet $2 ")
gwfleet_sources=$(printf '%s\n' "$gwfleet_others" | sed -n 's/.* inet \([0-9.]*\).*/ src \1 /p')
gwfleet_lost=$(ip -4 route show table all | grep -v -e 'proto kernel' -e '^local ' -e '^broadcast ' | sed -e 's/ linkdown//' -e 's/ dead//' -e 's/ *$/ /' | grep -F -e "$gwfleet_sources")
printf '%s\n' "$gwfleet_others" | { while read -r _ _ _ gwfleet_cidr _; do gwfleet_drop "$1" "$gwfleet_cidr" || exit; done; } || return
{
printf '%s\n' "$gwfleet_others" | sed -e 's/^[0-9]*: [^ ]* *inet /addr add /' -e 's/\\/ /' -e 's/ secondary / /' -e 's/ dynamic / /' -e 's/ deprecated / /' -e 's/\(_lft [0-9]*\)sec/\1/g' -e "s|  *\([^ ]*\)  *valid_lft | dev $1 label \1 valid_lft |"
printf '%s\n' "$gwfleet_lost" | sed -n 's/^./route append &/p'
} | ip -batch -
}`;

/** gwfleet_put: device, address, broadcast, label and flag to look for, then the command that adds it. */
const putting: Script = sh`gwfleet_have() {
gwfleet_line "$1" "$2" || return 1
case "$gwfleet_seen" in *" $4") ;; *) return 1 ;; esac
case "$gwfleet_seen" in *' noprefixroute '*) [ "$5" = noprefixroute ] || return 1 ;; *) [ "$5" = - ] || return 1 ;; esac
case "$gwfleet_seen" in *" brd $3 "*) return 0 ;; *' brd '*) return 1 ;; *) [ "$3" = - ] ;; esac
}
gwfleet_put() {
gwfleet_have "$@" && return 0
[ -z "$gwfleet_seen" ] || gwfleet_drop "$1" "$2" || return
shift 5
"$@"
}`;

/** gwfleet_put_all: device and addresses of which the device must have none, and the batch that adds them. */
const puttingAll: Script = sh`gwfleet_put_all() {
gwfleet_rows=$(ip -o -4 addr show dev "$1") || return
shift
for gwfleet_key do
case $gwfleet_rows in *" inet $gwfleet_key/"*|*" inet $gwfleet_key "*) return 1 ;; esac
done
ip -batch -
}`;
