import { expect, it } from 'vitest';
import { machine } from './machines/machine.ts';

it('networkd two gateways', async () => {
  const m = await machine({ manager: 'networkd' });
  const base = '[Match]\nName=eth0\n[Network]\nAddress=10.0.0.1/24\n';
  const tryIt = async (title: string, own: string, drop: string) => {
    await m.put({ path: '/etc/systemd/network/10-eth0.network', text: base + own });
    await m.put({ path: '/etc/systemd/network/10-eth0.network.d/50-gwfleet.conf', text: drop });
    await m.reboot('clean');
    console.log(title, await m.run('ip route show default; journalctl -b -u systemd-networkd --no-pager | grep -i "gateway\\|route" | head; networkctl reload; sleep 1; networkctl reconfigure eth0; sleep 1; ip route show default'));
  };
  await tryIt('plain', 'Gateway=10.0.0.253\n', '[Route]\nGateway=10.0.0.254\n');
  await tryIt('reset', 'Gateway=10.0.0.253\n', '[Network]\nGateway=\n[Route]\nGateway=10.0.0.254\n');
  await tryIt('reset2', 'Gateway=10.0.0.253\n', '[Network]\nGateway=\nGateway=10.0.0.254\n');
  await tryIt('route section', '[Route]\nGateway=10.0.0.253\n', '[Route]\nGateway=10.0.0.254\n');
  await tryIt('two routes metric', '[Route]\nGateway=10.0.0.253\nMetric=100\n', '[Route]\nGateway=10.0.0.254\nMetric=50\n');
  expect(1).toBe(1);
});
it('netplan two gateways', async () => {
  const m = await machine({ manager: 'netplan-networkd' });
  const tryIt = async (title: string, own: string, ours: string) => {
    await m.put({ path: '/etc/netplan/10-base.yaml', mode: 0o600, text: `network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    eth0:\n      addresses: [10.0.0.1/24]\n${own}` });
    await m.put({ path: '/etc/netplan/90-gwfleet.yaml', mode: 0o600, text: `network:\n  version: 2\n  ethernets:\n    eth0:\n${ours}` });
    await m.run('netplan generate 2>&1; cat /run/systemd/network/10-netplan-eth0.network').then((text) => console.log(title, text));
    await m.reboot('clean');
    console.log(title, await m.run('ip route show default'));
  };
  await tryIt('routes', '      routes: [{to: 0.0.0.0/0, via: 10.0.0.253}]\n', '      routes: [{to: 0.0.0.0/0, via: 10.0.0.254}]\n');
  await tryIt('gateway4', '      gateway4: 10.0.0.253\n', '      gateway4: 10.0.0.254\n');
  await tryIt('gateway4+routes', '      gateway4: 10.0.0.253\n', '      routes: [{to: 0.0.0.0/0, via: 10.0.0.254}]\n');
  await m.put({ path: '/etc/systemd/network/10-netplan-eth0.network.d/50-gwfleet.conf', text: '[Network]\nGateway=\n[Route]\nGateway=10.0.0.252\n' });
  await m.reboot('clean');
  console.log('drop-in on netplan', await m.run('ip route show default; netplan apply; sleep 1; ip route show default'));
});
