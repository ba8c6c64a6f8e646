/**
 * Rules at boot: loaded before the network is up, and before systemd-sysctl turns forwarding on, after whoever else
 * loads rules. When they cannot be loaded, forwarding stays off: no moment with forwarding on and rules off.
 */
import { type Script, sh } from '../../shell/sh.ts';
import type { BootFile } from '../task-type.ts';
import type { BootFacts } from './boot-facts.ts';
import { unitFiles } from './unit.ts';

const program = '/etc/gwfleet/ruleset';

/** `load` brings the rules from any state to the wanted one, whatever stands there; it minds `$gwfleet_test`. */
export function rulesParts(load: Script, boot: BootFacts | undefined): readonly BootFile[] {
  if (boot === undefined || boot.init === 'other') return [];
  const script = loader(load);
  if (!boot.rulesUnits.includes('netfilter-persistent')) return ownUnit(script);
  return [
    { path: program, mode: 0o755, content: script, check: rehearsal },
    {
      path: '/usr/share/netfilter-persistent/plugins.d/50-gwfleet-ruleset',
      mode: 0o755,
      content: `#!/bin/sh\n# Written by gwfleet: its rules, whenever netfilter-persistent has loaded its own.\n[ "$1" = start ] || exit 0\nexec /bin/sh ${program}\n`,
    },
    {
      path: '/etc/systemd/system/netfilter-persistent.service.d/50-gwfleet-ruleset.conf',
      mode: 0o644,
      content: `# Written by gwfleet: rules first, then forwarding.\n[Unit]\nBefore=systemd-sysctl.service\n`,
    },
  ];
}

function ownUnit(script: string): readonly BootFile[] {
  return unitFiles({
    name: 'gwfleet-ruleset',
    description: 'gwfleet: rules, before the network is up and before forwarding is on',
    order: [
      'DefaultDependencies=no',
      'Conflicts=shutdown.target',
      'Wants=network-pre.target',
      'After=local-fs.target systemd-modules-load.service iptables.service nftables.service',
      'Before=systemd-sysctl.service network-pre.target shutdown.target',
      // A restart of these empties the tables; PartOf restarts us after them.
      'PartOf=iptables.service nftables.service',
    ],
    wantedBy: 'sysinit.target',
    script,
    check: rehearsal,
  });
}

/**
 * `iptables-restore --test` beside the rules that are live; then the whole program in a namespace that has none, as at
 * boot, because `--test` of the nft backend passes a jump to a chain that does not exist.
 */
const rehearsal = sh`sh -n "$gwfleet_new" && sh "$gwfleet_new" --test && { ! unshare -n true 2>/dev/null || unshare -n sh "$gwfleet_new" --rehearse; }`;

function loader(load: Script): string {
  return `#!/bin/sh
# Written by gwfleet.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
closed=/run/sysctl.d/99-zzz-gwfleet-closed.conf
# --test: iptables-restore and nft only read. --rehearse: in a network namespace of its own.
gwfleet_test= gwfleet_check=
[ "\${1-}" != --test ] || { gwfleet_test=--test; gwfleet_check=-c; }
${load.text}
code=$?
[ $# = 0 ] || exit "$code"
if [ "$code" = 0 ]; then rm -f "$closed"; exit 0; fi
# At boot: forwarding is not on yet, and must not come on without rules.
if [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]; then
  mkdir -p /run/sysctl.d
  echo 'net.ipv4.ip_forward = 0' >"$closed"
fi
exit 1
`;
}
