/**
 * Reads the facts of a host with few forks: builtins, one grep over small files of /proc, and the one call of ip that the
 * whole probe shares. The reader is pure and takes garbage: what it cannot read is empty.
 */
import type { Output } from '../shell/frames.ts';
import { block, type Script, sh } from '../shell/sh.ts';
import { bootProbe, readBootFacts } from './boot/boot-probe.ts';
import type { Facts, InterfaceAddress, ManagementPath, NetworkInterface } from './facts.ts';
import { networkLook } from './network-look.ts';

/** What a task type asks the facts for: each is looked for in every folder of PATH. */
const looked = ['ip', 'iptables-nft-save', 'iptables-legacy-save', 'nft', 'arping', 'modprobe'];

// sudo drops SSH_CONNECTION from our environment but keeps it in its own, which is our parent's.
const wayIn = sh`
gwfleet_way=\${SSH_CONNECTION-}
if [ -z "$gwfleet_way" ] && [ -r "/proc/$PPID/environ" ]; then
  gwfleet_way=$(tr '\0' '\n' <"/proc/$PPID/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
fi
gwfleet_client=\${gwfleet_way%% *}`;

/** What the facts and every task of a probe read: asked once, before all of them. */
export function firstLook(roads: readonly string[] = []): Script {
  return block(wayIn, networkLook(roads));
}

const network = sh`
if [ -n "$gwfleet_way" ]; then printf 'way-in %s\n' "$gwfleet_way"; fi
gwfleet_los=; gwfleet_word=road; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_looked; do
case $gwfleet_line in '1: lo: '*) gwfleet_los=$gwfleet_los+; [ "$gwfleet_los" = + ] || continue ;; esac
case $gwfleet_los$gwfleet_line in
+++*) break ;;
++*) printf '%s %s\n' "$gwfleet_word" "$gwfleet_line"; gwfleet_word=ridden ;;
+[0-9]*': <'*) printf 'link %s\n' "$gwfleet_line" ;;
+[0-9]*' inet '*) printf 'addr %s\n' "$gwfleet_line" ;;
esac
done
IFS=$gwfleet_ifs; set +f
case $gwfleet_client in *:*)
ip -o route get "$gwfleet_client" 2>/dev/null | sed -n '1s/^/road /p'
ip -o route get "$gwfleet_client" fibmatch 2>/dev/null | sed -n '1s/^/ridden /p' ;;
esac`;

/** What a change of ours can move: addresses and the way in. Costs no fork. Stands behind `firstLook`. */
export const movingFactsProbe: Script = block(network, sh`:`);

/** Prints one fact a line, each led by a word that says what it is. Stands behind `firstLook`. */
export const factsProbe: Script = block(
  sh`grep -Es '^MemTotal:|^Uid:|^[0-9A-Za-z._+~-]+$' /proc/meminfo /proc/self/status /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/sys/kernel/random/boot_id`,
  sh`for tool in ${looked}; do if command -v "$tool" >/dev/null 2>&1; then printf 'tool %s\n' "$tool"; fi; done`,
  network,
  bootProbe,
  sh`:`,
);

export function readFacts(output: Output): Facts {
  const after = linesByLead(output.stdout);
  const first = (lead: Lead): string => after(lead)[0] ?? '';
  return {
    hostname: first('/proc/sys/kernel/hostname:'),
    kernel: first('/proc/sys/kernel/osrelease:'),
    bootId: first('/proc/sys/kernel/random/boot_id:'),
    // Real, effective, saved: the effective one decides what we may do. -1 is nobody's.
    uid: number(/^\d+\s+(\d+)/.exec(first('/proc/self/status:Uid:').trim())?.[1], -1),
    memoryBytes: number(/^(\d+) kB$/.exec(first('/proc/meminfo:MemTotal:').trim())?.[1], 0) * 1024,
    tools: after('tool '),
    boot: readBootFacts(output),
    ...movingFacts(after),
  };
}

/** The facts of the probe of moving ones; the others are as they were. */
export function factsAgain(output: Output, before: Facts): Facts {
  return { ...before, ...movingFacts(linesByLead(output.stdout)) };
}

type Lines = (lead: Lead) => readonly string[];

function movingFacts(after: Lines): Pick<Facts, 'interfaces' | 'managementPath'> {
  const first = (lead: Lead): string => after(lead)[0] ?? '';
  return {
    interfaces: interfaces(after('link '), after('addr ')),
    managementPath: managementPath(first('way-in '), first('road '), first('ridden ')),
  };
}

/** What a line begins with that is one of ours. */
const leads = [
  '/proc/sys/kernel/hostname:',
  '/proc/sys/kernel/osrelease:',
  '/proc/sys/kernel/random/boot_id:',
  '/proc/self/status:Uid:',
  '/proc/meminfo:MemTotal:',
  'tool ',
  'link ',
  'addr ',
  'way-in ',
  'road ',
  'ridden ',
] as const;

type Lead = (typeof leads)[number];

function linesByLead(text: string): Lines {
  const found = new Map<Lead, string[]>();
  for (const line of text.split('\n')) {
    const lead = leads.find((one) => line.startsWith(one));
    if (lead === undefined) continue;
    const rest = line.slice(lead.length);
    const there = found.get(lead);
    if (there === undefined) found.set(lead, [rest]);
    else there.push(rest);
  }
  return (lead) => found.get(lead) ?? [];
}

function interfaces(links: readonly string[], addresses: readonly string[]): readonly NetworkInterface[] {
  const found = new Map<string, { up: boolean; addresses: InterfaceAddress[] }>();
  for (const line of links) {
    const [, name, flags] = /^\d+: ([^\s:@]+)(?:@[^\s:]+)?: <([^>]*)>/.exec(line) ?? [];
    if (name !== undefined) found.set(name, { up: (flags ?? '').split(',').includes('UP'), addresses: [] });
  }
  for (const line of addresses) {
    const [, name, rest] = /^\d+: (\S+)\s+inet (\S.*)$/.exec(line) ?? [];
    const address = interfaceAddress(rest ?? '');
    if (name !== undefined && address !== undefined) found.get(name)?.addresses.push(address);
  }
  return [...found].map(([name, rest]) => ({ name, ...rest }));
}

/** `203.0.113.11/24 brd 203.0.113.255 scope global secondary eth1:0\   valid_lft ...` */
function interfaceAddress(text: string): InterfaceAddress | undefined {
  const words = (text.split('\\')[0] ?? '').trim().split(/\s+/);
  const withPrefix = words[1] === 'peer' ? (words[2] ?? '') : (words[0] ?? '');
  const [, prefix] = /^[\d.]+\/(\d{1,2})$/.exec(withPrefix) ?? [];
  const [, address] = /^([\d.]+)(?:\/\d{1,2})?$/.exec(words[0] ?? '') ?? [];
  if (prefix === undefined || address === undefined || Number(prefix) > 32) return undefined;
  const broadcast = words.indexOf('brd');
  const scope = words.indexOf('scope');
  const tail = words.slice(scope < 0 ? words.length : scope + 2);
  return {
    address,
    prefix: Number(prefix),
    broadcast: broadcast < 0 ? null : (words[broadcast + 1] ?? null),
    label: tail.at(-1) ?? '',
    secondary: tail.slice(0, -1).includes('secondary'),
  };
}

function managementPath(connection: string, road: string, ridden: string): ManagementPath | null {
  const [client = '', , server = '', port = '', ...more] = connection.trim().split(/\s+/);
  if (client === '' || server === '' || more.length > 0 || !/^\d{1,5}$/.test(port)) return null;
  return {
    clientAddress: client,
    serverAddress: server,
    serverPort: Number(port),
    interface: / dev (\S+)/.exec(road)?.[1] ?? '',
    via: / via (\S+)/.exec(road)?.[1] ?? null,
    route: /^(?:(?:unicast|local) )?(\S+) /.exec(ridden)?.[1] ?? '',
  };
}

function number(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text === undefined || !Number.isSafeInteger(value) ? otherwise : value;
}
