/**
 * The last look at packets that leave: iptables has no hook behind NAT, nft has one. A private source there is a
 * leak; it is dropped and counted. In a table of its own, in either backend; the live rule is recognised by what it
 * says, because nft spells and orders the same rule differently from version to version.
 */
import { contains, formatNetwork, networkOf, parseAddress, parseNetwork } from '../../address/ipv4.ts';
import { feed, nothing, type Script, sh } from '../../shell/sh.ts';
import type { Facts } from '../facts.ts';
import type { Owner } from './state.ts';

/** What the state says where nft is missing or the kernel has no nf_tables. */
export const unavailable = 'unavailable';

const privates = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];

/** Prints `guard RULE`, `guard` and nothing more where there is none, or `guard unavailable`. */
export const guardProbe: Script = sh`if ! command -v nft >/dev/null 2>&1; then echo 'guard unavailable'
elif gwfleet_guard=$(nft -s list table ip gwfleet_leak_guard 2>&1); then
gwfleet_drops=; gwfleet_ifs=$IFS; IFS='
'; set -f
for gwfleet_line in $gwfleet_guard; do
case $gwfleet_line in *' drop') gwfleet_drops="$gwfleet_drops\${gwfleet_line#"\${gwfleet_line%%[![:blank:]]*}"};" ;; esac
done
IFS=$gwfleet_ifs; set +f
printf 'guard %s\n' "$gwfleet_drops"
else case "$gwfleet_guard" in *'No such file'*) echo 'guard' ;; *) echo 'guard unavailable' ;; esac; fi`;

export const guardWhy =
  'iptables sees nothing behind NAT: what still has a private source there would be a leak, and its counter is the alarm';

/** The rule for a host, as it is loaded. */
export function guardRule({ external, network }: Owner): string {
  return `oifname "${external}" ip saddr { ${guarded(network).join(', ')} } counter drop`;
}

/** The rule that is live: ours in our spelling, another one as it stands, null for none. */
export function readGuard(line: string | undefined, owner: Owner): string | null {
  const said = line?.slice('guard '.length).trim().replace(/;$/, '') ?? '';
  if (said === '' || said === unavailable) return said === '' ? null : unavailable;
  const words = new Set(said.split(/[\s,]+/));
  const parts = ['oifname', `"${owner.external}"`, 'saddr', ...guarded(owner.network), 'counter', 'drop'];
  const count = words.size - parts.length;
  // `ip`, `{` and `}` besides.
  return count <= 3 && !said.includes(';') && parts.every((part) => words.has(part))
    ? guardRule(owner)
    : said;
}

/** The private address of the public side that forbids a guard: the gateway's own packets would go, too. */
export function privateAddress({ interfaces }: Facts, { external, network }: Owner): string | undefined {
  const nets = guarded(network).flatMap((text) => parseNetwork(text) ?? []);
  const own = interfaces.find(({ name }) => name === external)?.addresses ?? [];
  return own.find(({ address }) => nets.some((net) => contains(net, parseAddress(address) ?? 0)))?.address;
}

/** `test` as in the rules; beside it, `$gwfleet_check` is the same word for nft. */
export function applyGuard(from: string | null, to: string | null, test: Script): Script {
  if (from === to || to === unavailable) return nothing;
  if (to === null) {
    return sh`if nft list table ip gwfleet_leak_guard >/dev/null 2>&1; then nft delete table ip gwfleet_leak_guard; fi`;
  }
  const rules = to.split(';').map((rule) => `    ${rule}`);
  const lines = [
    // Added first, so that the deletion in the same transaction never fails.
    'add table ip gwfleet_leak_guard',
    'delete table ip gwfleet_leak_guard',
    'table ip gwfleet_leak_guard {',
    '  chain postrouting {',
    '    type filter hook postrouting priority 101; policy accept;',
    ...rules,
    '  }',
    '}',
  ];
  return feed(lines.join('\n'), test.text === '' ? sh`nft -f -` : sh`nft $gwfleet_check -f -`);
}

/** Whether the guard drops what leaves with this source. */
export function isGuarded(address: string, network: string): boolean {
  const number = parseAddress(address);
  if (number === undefined) return false;
  return guarded(network).some((text) => {
    const net = parseNetwork(text);
    return net !== undefined && contains(net, number);
  });
}

function guarded(network: string): readonly string[] {
  const inside = parseNetwork(network);
  const covered = privates.some((text) => {
    const net = parseNetwork(text);
    if (net === undefined || inside === undefined) return false;
    return contains(networkOf(net.first, net.prefix), inside.first) && net.prefix <= inside.prefix;
  });
  return covered || inside === undefined ? privates : [...privates, formatNetwork(inside)];
}
