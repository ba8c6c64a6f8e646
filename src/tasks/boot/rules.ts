/**
 * Rules at boot: loaded before the network is up, and before systemd-sysctl turns forwarding on, after whoever else
 * loads rules. When they cannot be loaded, forwarding stays off: no moment with forwarding on and rules off.
 */
import { type Script, sh } from '../../shell/sh.ts';
import type { BootFile, BootSetting } from '../task-type.ts';
import type { BootFacts } from './boot-facts.ts';
import { unitFiles } from './unit.ts';

const program = '/etc/gwfleet/ruleset';

/** Where an enabled iptables.service loads rules (Fedora, RHEL), and what an administrator had there before us. */
const saved = '/etc/sysconfig/iptables';
const savedBefore = `${saved}.gwfleet-was`;

export interface Rules {
  readonly load: Script;
  /** Style `seed` alone has whole tables, as iptables-save writes them, and the program that reads them. */
  readonly tables?: { readonly text: string; readonly restore: string };
}

/** `load` brings the rules from any state to the wanted one, whatever stands there; it minds `$gwfleet_test`. */
export function rulesParts({ load, tables }: Rules, boot: BootFacts | undefined): readonly BootFile[] {
  if (boot === undefined || boot.init === 'other') return [];
  const script = loader(load);
  if (!boot.rulesUnits.includes('netfilter-persistent')) {
    const whole = tables !== undefined && boot.rulesUnits.includes('iptables');
    return [...(whole ? [savedTables(tables)] : []), ...ownUnit(script)];
  }
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

/** The whole tables of the seed, in the place of the seed. */
function savedTables({ text, restore }: NonNullable<Rules['tables']>): BootFile {
  const keep = sh`[ ! -e ${saved} ] || grep -q '^# Written by gwfleet' ${saved} || cp -p ${saved} ${savedBefore}`;
  return {
    path: saved,
    mode: 0o600,
    content: `# Written by gwfleet.\n${text}`,
    check: sh`${restore} --test -w 5 <"$gwfleet_new" && { ${keep}; }`,
  };
}

/** Other files of ours go by their names; this one only where it is ours, and the administrator's comes back. */
export function rulesGone(boot: BootFacts | undefined): readonly BootSetting[] {
  if (boot?.files.some(({ path }) => path === saved) !== true) return [];
  const write = sh`if [ -e ${savedBefore} ]; then mv -f ${savedBefore} ${saved}; else rm -f ${saved}; fi || return 1`;
  return [{ name: saved, to: 'as before gwfleet', write }];
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
# At boot forwarding is not on yet, and must not come on without rules, however this ends.
if [ $# = 0 ] && [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]; then
  mkdir -p /run/sysctl.d
  echo 'net.ipv4.ip_forward = 0' >"$closed"
fi
${load.text}
code=$?
[ $# != 0 ] || [ "$code" != 0 ] || rm -f "$closed"
exit "$code"
`;
}
