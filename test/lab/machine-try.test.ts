import { expect, it } from 'vitest';
import { machine } from './machines/machine.ts';
import { managers } from './machines/managers.ts';
import { writeFleet } from './machines/fleet-files.ts';

it.each(managers)('%s', async (manager) => {
  const m = await machine({ manager });
  writeFleet(m.folder);
  const p = ['-p', `${m.folder}/site.yaml`];
  const plan = await m.gwfleet('plan', m.inventory, ...p, '--diff=full');
  console.log(manager, plan.code, plan.stdout, plan.stderr);
  const apply = await m.gwfleet('apply', m.inventory, ...p, '--yes');
  console.log(manager, apply.code, apply.stdout, apply.stderr.slice(-1500));
  const again = await m.gwfleet('plan', m.inventory, ...p);
  console.log(manager, 'again', again.code, again.stdout, again.stderr);
  const look = 'ip -4 -o addr show dev eth1 | sed "s/valid.*//"; ip route; iptables-save -t nat | grep -c SNAT; cat /proc/sys/net/ipv4/ip_forward; systemctl is-system-running; systemctl --failed --no-legend; ls /etc/gwfleet';
  await m.reboot('clean');
  console.log(manager, 'rebooted', await m.run(look));
  const after = await m.gwfleet('plan', m.inventory, ...p);
  console.log(manager, 'after reboot', after.code, after.stdout, after.stderr);
  console.log(manager, 'client', (await m.client('curl -sm 5 http://198.51.100.7/')).stdout);
  expect(1).toBe(1);
});
