/** What of gwfleet's state is there on a machine, in one word a part; and the events that may take it away. */
import type { Machine } from './machine.ts';
import { type Manager, setups } from './managers.ts';

export const events = [
  'reboot',
  'power cut',
  'restart',
  'reconfigure',
  'carrier loss 8 s',
  'link down, up',
] as const;
export type Happening = (typeof events)[number];

const parts = ['aliases', 'default route', 'rules', 'conntrack', 'ip_forward', 'way out'] as const;

export async function happen(to: Machine, manager: Manager, event: Happening): Promise<void> {
  switch (event) {
    case 'reboot':
      return to.reboot('clean');
    case 'power cut':
      return to.reboot('power-cut');
    case 'restart':
      return detached(to, setups[manager].restart);
    case 'reconfigure':
      return detached(to, setups[manager].reconfigure);
    case 'carrier loss 8 s':
      return to.carrierLoss(8);
    case 'link down, up':
      // A second between: networkd 252 gives an interface up that comes back at once, also without anything of ours.
      await detached(to, 'for i in eth1 eth0; do ip link set $i down; sleep 1; ip link set $i up; done');
      // The kernel has dropped the administrator's own route too; what is looked at is ours.
      await to.run('ip route replace 198.51.100.0/24 via 203.0.113.1 dev eth1');
      return;
  }
}

/** Whatever becomes of our connection meanwhile; returns when it is over. */
async function detached(to: Machine, script: string): Promise<void> {
  await to.run(`rm -f /run/over; setsid sh -c '${script}; touch /run/over' >/run/said 2>&1 </dev/null &`);
  await waitFor(async () => (await to.try('[ -e /run/over ]')).code === 0);
}

/** `all`, or what is missing: a manager needs a moment to put things back, so it is looked at for a while. */
export async function survived(on: Machine): Promise<string> {
  let missing: readonly string[] = parts;
  await waitFor(async () => {
    missing = await lost(on);
    return missing.length === 0;
  }, 25_000).catch(() => undefined);
  return missing.length === 0 ? 'all' : `lost: ${missing.join(', ')}`;
}

/** All that gwfleet may change on a machine: live, and kept for a restart by whomever. Tables of no rules are none. */
export async function kept(on: Machine): Promise<string> {
  return on.run(`
for i in eth0 eth1; do ip -4 -o addr show dev $i | sed 's/^[0-9]*: //; s/valid_lft.*//'; ip -4 route show default dev $i | sed 's/ metric [0-9]*//'; done
iptables-save | sed -n -e 's/ *\\[.*//' -e '/^-A/p' -e '/^:.* DROP/p'
nft list table ip gwfleet_leak_guard 2>/dev/null
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
find /etc /usr/share/netfilter-persistent \\( -type f -o -type l \\) -path '*gwfleet*' -exec ls -l {} + | awk '{ print $1, $9, $10, $11 }'
find /etc /usr/share/netfilter-persistent -type f -path '*gwfleet*' -exec cksum {} +
for device in eth0 eth1; do nmcli -g ipv4.method,ipv4.addresses,ipv4.gateway,ipv4.routes connection show $device 2>/dev/null; done
:`);
}

async function lost(on: Machine): Promise<readonly string[]> {
  const { stdout } = await on.try(`
ip -4 -o addr show dev eth1 | grep -c 'inet 203.0.113.1[1-5]/24'
ip -4 route show default | head -n 1 | grep -c 'via 10.0.0.254 '
iptables-save | grep -c -e '-A GWFLEET-' -e ':FORWARD DROP'
cat /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
cat /proc/sys/net/ipv4/ip_forward`);
  const said = stdout.trim().split('\n');
  const { stdout: seen } = await on.client('for i in 1 2 3; do curl -sm 3 http://198.51.100.7/; echo; done');
  const outside = seen
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  const holds = [
    said[0] === '5',
    said[1] === '1',
    said[2] === '15',
    said[3] === '7440',
    said[4] === '1',
    outside.length === 3 && outside.every((address) => /^203\.0\.113\.1[0-5]$/.test(address)),
  ];
  return parts.filter((_, index) => holds[index] !== true);
}

async function waitFor(holds: () => Promise<boolean>, milliseconds = 60_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}
