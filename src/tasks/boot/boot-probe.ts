/**
 * Reads who owns what at boot. A host without systemd, ifupdown or ifcfg answers with its files alone and costs one
 * fork more. Pitfalls that cost days: networkctl says `unmanaged` with exit 0 when networkd is down; NetworkManager's
 * `connected (externally)` only watches; a stanza of ifupdown that is down still owns the interface at the next boot.
 */
import type { Output } from '../../shell/frames.ts';
import { block, type Script, sh } from '../../shell/sh.ts';
import type { BootFacts, Bystander, Claim, InterfaceOwner, Manager, Profile } from './boot-facts.ts';

// Patterns, never quoted: the host's shell finds what lies there.
const ourFiles = sh`set --
for gwfleet_file in /etc/sysctl.d/99-zz-gwfleet-* /etc/modules-load.d/gwfleet-* /etc/gwfleet/* /etc/systemd/system/gwfleet-* \
/etc/systemd/system/*.wants/gwfleet-* /etc/systemd/system/*.service.d/50-gwfleet-* /usr/share/netfilter-persistent/plugins.d/50-gwfleet* \
/etc/systemd/network/*.network.d/50-gwfleet-* /etc/netplan/90-gwfleet-* /etc/network/if-up.d/gwfleet-* \
/etc/sysconfig/network-scripts/ifcfg-*:[0-9]* /etc/sysconfig/network-scripts/route-*; do
[ ! -f "$gwfleet_file" ] || set -- "$@" "$gwfleet_file"
done
[ ! -e /etc/sysconfig/iptables ] || ! grep -qs '^# Written by gwfleet' /etc/sysconfig/iptables || set -- "$@" /etc/sysconfig/iptables
[ $# = 0 ] || cksum "$@" | sed 's/^/boot file /'`;

const places =
  /^\/etc\/(?:sysctl\.d\/99-zz-gwfleet-|modules-load\.d\/gwfleet-|gwfleet\/|systemd\/system\/(?:.*\/)?(?:50-)?gwfleet-|systemd\/network\/.*\.d\/50-gwfleet-|netplan\/90-gwfleet-|network\/if-up\.d\/gwfleet-|sysconfig\/(?:network-scripts\/|iptables$))|^\/usr\/share\/netfilter-persistent\/plugins\.d\/50-gwfleet/;

/** Whether the probe looks there: of a file elsewhere nobody can say that it is missing. */
export function isLookedFor(path: string): boolean {
  return places.test(path);
}

const networkd = sh`case $gwfleet_active in *"networkd active"*)
networkctl list --no-legend --no-pager 2>/dev/null | while read -r _ gwfleet_if _ _ gwfleet_setup; do
case $gwfleet_setup in '') continue ;; unmanaged) case $gwfleet_if in lo|veth*|docker*|br-*|virbr*|tap*) ;; *) echo "boot idle $gwfleet_if networkd unmanaged" ;; esac; continue ;; esac
gwfleet_net=$(networkctl status -n0 --no-pager "$gwfleet_if" 2>/dev/null | sed -n 's/^ *Network File: //p')
echo "boot networkd $gwfleet_if $gwfleet_setup $gwfleet_net"
[ -f "$gwfleet_net" ] || continue
gwfleet_base=$(basename "$gwfleet_net")
for gwfleet_file in "$gwfleet_net" /etc/systemd/network/"$gwfleet_base".d/*.conf /run/systemd/network/"$gwfleet_base".d/*.conf; do
case $gwfleet_file in */50-gwfleet-*) continue ;; esac
[ ! -f "$gwfleet_file" ] || sed -n -e "s/^ *Gateway *= */boot gateway $gwfleet_if /p" -e "s/^ *DHCP *= *\(yes\|ipv4\|true\)/boot gateway $gwfleet_if dhcp/p" "$gwfleet_file"
done
done ;; esac`;

const networkManager = sh`case $gwfleet_active in *"NetworkManager active"*)
nmcli -t -f UUID,FILENAME connection show 2>/dev/null | sed 's/^/boot profile-file /'
nmcli -t -f DEVICE,STATE,CON-UUID device status 2>/dev/null | while IFS=: read -r gwfleet_if gwfleet_state gwfleet_uuid; do
case $gwfleet_state in connected|connecting*) ;; unmanaged|unavailable|disconnected|failed) case $gwfleet_if in lo|veth*|docker*|br-*|virbr*|tap*) ;; *) echo "boot idle $gwfleet_if networkmanager $gwfleet_state" ;; esac; continue ;; *) continue ;; esac
[ -n "$gwfleet_uuid" ] || continue
echo "boot nm $gwfleet_if $gwfleet_uuid $gwfleet_state"
for gwfleet_key in method addresses gateway; do
echo "boot profile $gwfleet_uuid $gwfleet_key $(nmcli -g ipv4.$gwfleet_key connection show "$gwfleet_uuid" 2>/dev/null)"
done
done ;; esac`;

const ifupdown = sh`if command -v ifquery >/dev/null 2>&1; then
sed -n 's/^ *iface  *\([^ ]*\)  *inet .*/\1/p' /etc/network/interfaces /etc/network/interfaces.d/* 2>/dev/null | sort -u | while read -r gwfleet_if; do
case $gwfleet_if in lo|*:*) continue ;; esac
if ifquery --state "$gwfleet_if" >/dev/null 2>&1; then echo "boot ifupdown $gwfleet_if up"; else echo "boot ifupdown $gwfleet_if down"; fi
done
fi`;

const ifcfg = sh`for gwfleet_file in /etc/sysconfig/network-scripts/ifcfg-*; do
[ -f "$gwfleet_file" ] || continue
case $gwfleet_file in *-lo|*:*) continue ;; esac
if ! grep -qi '^NM_CONTROLLED=.*yes' "$gwfleet_file"; then echo "boot ifcfg $(basename "$gwfleet_file" | cut -c 7-)"; fi
sed -n "s/^GATEWAY=[\"']*\([0-9.]*\).*/boot gateway $(basename "$gwfleet_file" | cut -c 7-) \1/p" "$gwfleet_file"
done`;

/** netplan's own gateways stand in its files; what it has generated may still hold an earlier one of ours. */
const netplan = sh`for gwfleet_file in /etc/netplan/*.yaml; do
case $gwfleet_file in */90-gwfleet-*) continue ;; esac
[ ! -f "$gwfleet_file" ] || sed -n -e 's/.*gateway4: *["'"'"']*\([0-9.]*\).*/boot netplan-gateway \1/p' -e '/to: *["'"'"']*\(default\|0\.0\.0\.0\/0\)/{N;s/.*via: *["'"'"']*\([0-9.]*\).*/boot netplan-gateway \1/p}' "$gwfleet_file"
done`;

/** Prints lines that begin with `boot `. */
export const bootProbe: Script = block(
  ourFiles,
  sh`if [ -d /run/systemd/system ]; then
echo 'boot init systemd'
gwfleet_active=; gwfleet_ifs=$IFS; IFS='
'
for gwfleet_line in $(systemctl show -p Id -p ActiveState -p UnitFileState systemd-networkd.service NetworkManager.service netfilter-persistent.service iptables.service 2>/dev/null); do
case $gwfleet_line in
Id=*) gwfleet_unit=\${gwfleet_line#Id=}; gwfleet_unit=\${gwfleet_unit%.service} ;;
ActiveState=active) gwfleet_active="$gwfleet_active $gwfleet_unit active" ;;
UnitFileState=enabled) case $gwfleet_unit in netfilter-persistent|iptables) echo "boot rules $gwfleet_unit" ;; esac ;;
esac
done
IFS=$gwfleet_ifs`,
  networkd,
  networkManager,
  netplan,
  ifupdown,
  ifcfg,
  sh`fi`,
);

export function readBootFacts(output: Output): BootFacts {
  const rows = new Map<string, (readonly string[])[]>();
  for (const line of output.stdout.split('\n')) {
    if (!line.startsWith('boot ')) continue;
    const [word = '', ...rest] = line.slice(5).trimEnd().split(' ');
    if (rest.length > 0) rows.set(word, [...(rows.get(word) ?? []), rest]);
  }
  const of: Rows = (word) => rows.get(word) ?? [];
  const profileFiles = new Map(
    of('profile-file').map((words) => [
      words.join(' ').split(':')[0] ?? '',
      words.join(' ').split(':')[1] ?? '',
    ]),
  );
  return {
    init: of('init').length > 0 ? 'systemd' : 'other',
    owners: owners(of, profileFiles),
    rulesUnits: of('rules').map(([unit = '']) => unit),
    profiles: profiles(of('profile')),
    files: of('file').map(([sum = '', bytes = '', ...path]) => ({
      path: path.join(' '),
      cksum: `${sum} ${bytes}`,
    })),
  };
}

type Rows = (word: string) => readonly (readonly string[])[];

function owners(of: Rows, profileFiles: ReadonlyMap<string, string>): readonly InterfaceOwner[] {
  const claims: (readonly [string, Claim])[] = [
    ...of('networkd').map(([device = '', setup = '', file = '']): readonly [string, Claim] => {
      const renderer = netplanBase.test(file) ? 'networkd' : '';
      return [
        device,
        claim(renderer === '' ? 'networkd' : 'netplan', {
          source: file,
          renderer,
          trouble: networkdTrouble(setup),
        }),
      ];
    }),
    ...of('nm').map(([device = '', uuid = '']): readonly [string, Claim] => {
      const renderer = netplanProfile.test(profileFiles.get(uuid) ?? '') ? 'networkmanager' : '';
      return [device, claim(renderer === '' ? 'networkmanager' : 'netplan', { source: uuid, renderer })];
    }),
    ...of('ifupdown').map(([device = '', state = '']): readonly [string, Claim] => [
      device,
      claim('ifupdown', {
        trouble:
          state === 'up'
            ? ''
            : `its stanza in /etc/network/interfaces is not up: ifup ${device} brings it up, or take it out there`,
      }),
    ]),
    ...of('ifcfg').map(([device = '']): readonly [string, Claim] => [device, claim('ifcfg', {})]),
  ];
  const shared = of('netplan-gateway').map(([address = '']) => address);
  const idle = of('idle').map(([device = '', manager = '', state = '']) => ({
    device,
    bystander: { manager, state } as Bystander,
  }));
  const devices = [...claims.map(([device]) => device), ...idle.map(({ device }) => device)];
  return [...new Set(devices)].map((device) => {
    const own = claims.filter(([name]) => name === device).map(([, one]) => one);
    const behindNetplan = own.some(({ manager }) => manager === 'netplan');
    const named = of('gateway').filter(([name]) => name === device);
    const gateways = behindNetplan ? shared : named.map(([, address = '']) => address);
    const bystanders = idle.filter((one) => one.device === device).map(({ bystander }) => bystander);
    return {
      interface: device,
      claims: own,
      gateways: [...new Set(gateways)].filter(Boolean),
      ...(bystanders.length === 0 ? {} : { bystanders }),
    };
  });
}

const netplanBase = /^\/run\/systemd\/network\/10-netplan-/;
const netplanProfile = /^\/run\/NetworkManager\/system-connections\/netplan-/;

function claim(manager: Manager, more: Partial<Claim>): Claim {
  return { manager, source: '', renderer: '', trouble: '', ...more };
}

function networkdTrouble(setup: string): string {
  return setup === 'failed'
    ? 'systemd-networkd has failed to configure it: networkctl status tells why, networkctl reconfigure tries again'
    : '';
}

function profiles(rows: readonly (readonly string[])[]): readonly Profile[] {
  const found = new Map<string, Record<string, string>>();
  for (const [uuid = '', key = '', ...value] of rows) {
    const settings = found.get(uuid) ?? {};
    settings[key] = value.join(' ').trim();
    found.set(uuid, settings);
  }
  return [...found].map(([uuid, { method = '', addresses = '', gateway = '' }]) => ({
    uuid,
    method,
    addresses: addresses
      .split(/[,|]/)
      .map((text) => text.trim())
      .filter(Boolean),
    gateway,
  }));
}
