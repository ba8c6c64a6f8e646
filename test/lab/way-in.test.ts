/**
 * The way in, whatever road it takes: straight, over a jump host, by sudo, by the system's ssh. A change that would
 * certainly cut it is refused with words and nothing is touched; one that it rides on is said everywhere a plan is.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';

/** gw1 has a second inside address, labelled like an alias; that is the one we come in by. */
const second = '10.0.5.1';

const playbooks = {
  'other-pool': `
- hosts: gw1
  tasks:
    - { name: Other pool, aliases: { interface: eth0, addresses: 10.0.6.1 } }
`,
  routes: `
- hosts: web01
  tasks:
    - { name: Route, default_route: { via: 10.0.0.2, drain: false } }
`,
  rules: `
- hosts: gw1:web01
  tasks:
    - name: Rules
      when: inventory_hostname == 'gw1'
      ruleset: { internal: eth0, external: eth1, network: 10.0.0.0/8, pool: 203.0.113.10 }
    - { name: Ports, when: inventory_hostname == 'web01', sysctl: { net.ipv4.ip_local_port_range: 1024 65000 } }
`,
};

describe('the way in', () => {
  let lab: Fleet;

  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 1 });
    for (const [name, text] of Object.entries(playbooks)) writeFileSync(file(`${name}.yaml`), text);
    await lab.run(
      'gw1',
      `ip addr add ${second}/8 brd + dev eth0 label eth0:3
useradd -m -p '*' op; mkdir -p /home/op/.ssh; cp /root/.ssh/authorized_keys /home/op/.ssh/; chown -R op /home/op/.ssh
echo 'op ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/op; chmod 440 /etc/sudoers.d/op`,
    );
    // web01 reaches the controller through gw1 only, as in another site.
    await lab.run(
      'web01',
      `ip addr add 10.0.1.1/23 dev eth0; ip addr del 10.0.1.1/8 dev eth0
ip route add default via 10.0.0.1`,
    );
    await lab.run('controller', 'ip route add 10.0.1.1/32 via 10.0.0.1');
    for (const gateway of ['gw1', 'gw2'])
      await lab.run(
        gateway,
        'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects; echo 0 >/proc/sys/net/ipv4/conf/eth0/send_redirects; ip route add 10.0.1.1/32 dev eth0',
      );
  });

  const file = (name: string): string => join(lab.folder, name);

  /** gw1 by its second address. */
  function inventory({ jump = '', ...more }: Readonly<Record<string, string>> = {}): string {
    const args = `-o UserKnownHostsFile=${file('hosts-seen')} -o StrictHostKeyChecking=accept-new${jump}`;
    const own = {
      gwfleet_lab: lab.name,
      ansible_host: second,
      ansible_user: 'root',
      ansible_ssh_private_key_file: `${lab.folder}/id_ed25519`,
      ansible_ssh_common_args: args,
      ...more,
    };
    writeFileSync(file('second.yaml'), JSON.stringify({ all: { hosts: { gw1: own } } }));
    return file('second.yaml');
  }

  it.each([
    ['straight', {}],
    ['by sudo', { ansible_user: 'op', ansible_become: 'true' }],
    ["by the system's ssh", { ansible_connection: 'openssh' }],
    ['over a jump host', { jump: ' -J root@10.0.0.2' }],
  ])('%s: its address is not deleted', async (_, how) => {
    const path = inventory(how);
    const { code, stdout } = await lab.gwfleet(['apply', path, '-p', file('other-pool.yaml'), '--yes']);
    expect(stdout).toMatch(
      /gw1 failed in 'Other pool': this would cut the way in: we came in by 10\.0\.5\.1 on eth0, and it is deleted/,
    );
    expect(stdout).toContain('--allow-cut does it all the same');
    expect(code).toBe(2);
    expect(await lab.run('gw1', 'ip -4 addr show dev eth0')).not.toContain('10.0.6.1');
  });

  it('of the day counts for a saved plan: made by another address, it does not delete the one we come by now', async () => {
    const saved = (flags: readonly string[]) =>
      lab.gwfleet([
        'plan',
        inventory({ ansible_host: '10.0.0.1' }),
        '-p',
        file('other-pool.yaml'),
        '-o',
        file('saved.plan'),
        ...flags,
      ]);
    expect((await saved([])).code).toBe(0);
    inventory();
    const refused = await lab.gwfleet(['apply', file('saved.plan'), '--yes']);
    expect(`${refused.code} ${refused.stdout}`).toMatch(
      /^2 gw1 failed in 'Other pool': this would cut the way in: we came in by 10\.0\.5\.1 on eth0, and it is deleted\n[\s\S]*make a new plan, with --allow-cut/,
    );
    await saved(['--allow-cut', '--confirm-timeout', '5s']);
    inventory();
    const allowed = await lab.gwfleet(['apply', file('saved.plan'), '--yes']);
    expect(allowed.stderr).toContain('gw1: this cuts the way in: we came in by 10.0.5.1 on eth0');
    expect(`${allowed.code} ${allowed.stdout}`).toMatch(/^3 gw1 rolled-back/);
  });

  it('is cut where that was allowed, and the host takes it back', async () => {
    const said = await lab.gwfleet([
      ...[
        'apply',
        inventory(),
        '-p',
        file('other-pool.yaml'),
        '--yes',
        '--allow-cut',
        '--confirm-timeout',
        '5s',
      ],
    ]);
    expect(said.stderr).toMatch(
      /! gw1: this cuts the way in: we came in by 10\.0\.5\.1 .*; rolls back by itself after 5 s without us/,
    );
    expect(said.stdout).toMatch(/gw1 rolled-back: .*rolled back, verified/);
    expect(said.code).toBe(3);
    expect(await lab.run('gw1', 'ip -4 addr show dev eth0')).toMatch(/10\.0\.5\.1\/8 .* eth0:3/);
  });

  it('rides on a route that changes: the plan, --json and the events say so, and the change goes through', async () => {
    const args = [lab.inventory, '-p', file('routes.yaml')];
    const words = 'the way in rides on this route; rolls back by itself after 60 s without us';
    const plan = await lab.gwfleet(['plan', ...args]);
    expect(plan.stdout).toContain(`! web01: ${words}`);
    const json = await lab.gwfleet(['plan', ...args, '--json']);
    const notes = expect.arrayContaining([{ level: 'danger', text: words }]) as unknown;
    expect(JSON.parse(json.stdout)).toMatchObject({
      plan: { plays: [{ hosts: [{ tasks: [{ notes }] }] }] },
    });
    const events = await lab.gwfleet(['apply', ...args, '--yes', '--progress', 'jsonl']);
    expect(events.stdout.split('\n').filter((line) => line.includes('"plan-warning"'))).toEqual([
      expect.stringContaining(`"host":"web01","task":"Route","level":"danger","message":"${words}"`),
    ]);
    expect(events.code).toBe(0);
    await lab.run('web01', 'ip route replace default via 10.0.0.1');
  });

  it('to another host through a gateway is not closed by its rules', async () => {
    const args = [lab.inventory, '-p', file('rules.yaml')];
    const { code, stdout } = await lab.gwfleet(['plan', ...args]);
    expect(stdout).toMatch(
      /x gw1 failed: Rules: this would cut the way in: the way in to web01 is forwarded here from 10\.0\.255\.1, and these rules of FORWARD drop it/,
    );
    expect(code).toBe(2);
  });
});
