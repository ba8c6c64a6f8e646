import { expect, it } from 'vitest';
import { writeFleet } from './machines/fleet-files.ts';
import { machine } from './machines/machine.ts';
it('flaps', async () => {
  const m = await machine({ manager: 'netplan-networkd' });
  writeFleet(m.folder);
  const gw = (...a: string[]) => m.gwfleet(...a, '-p', `${m.folder}/site.yaml`);
  await gw('apply', m.inventory, '--yes');
  await m.reboot('clean');
  for (let i = 0; i < 6; i += 1) {
    await m.run("rm -f /run/over; setsid sh -c 'for i in eth1 eth0; do ip link set $i down; ip link set $i up; done; touch /run/over' >/run/said 2>&1 </dev/null &");
    await new Promise((r) => setTimeout(r, 6000));
    console.log(i, await m.run('ip -4 -o addr show dev eth1 | sed "s/valid.*//"; ip route; iptables-save | grep -c "A GWFLEET"'));
    const plan = await gw('plan', m.inventory);
    console.log(plan.code, plan.stdout);
  }
  expect(1).toBe(1);
});
