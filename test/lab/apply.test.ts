/**
 * The main job, as a user does it, on fleets of three sizes: an untouched fleet, one apply, and then packets. What the
 * fleet should be is not taken from gwfleet's own words but from what the internet sees and what the hosts say.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { hostNames, hostStates } from './host-state.ts';

const internet = '198.51.100.7';

describe.each([
  { gateways: 1, webservers: 1 },
  { gateways: 2, webservers: 4 },
  { gateways: 4, webservers: 20 },
])('a fleet of $gateways gateways and $webservers webservers', (sizes) => {
  const { gateways, webservers, all } = hostNames(sizes);
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet(sizes);
    await Promise.all(all.map((host) => countExecs(lab, host)));
  });

  it('is told what would change, and nothing is changed by telling', async () => {
    const before = await hostStates(lab, all);
    const { code, stdout } = await lab.gwfleet(['plan', lab.inventory, '--exit-code']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/Plan: \d+ to create, \d+ to update, 0 to delete on (\d+) of \1 hosts\n$/);
    expect(await hostStates(lab, all)).toEqual(before);
    expect(await execs(lab, all)).toEqual(new Map(all.map((host) => [host, { logins: 1, execs: 1 }])));
  });

  it('is brought to the wanted state with at most three execs a host', async () => {
    const { code, stdout, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
    expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /);
    expect(stdout).toMatch(new RegExp(`^${all.length} hosts: ${all.length} changed, [\\d.]+ s\\n$`));
    for (const [host, count] of await execs(lab, all)) {
      expect(count.execs, host).toBeLessThanOrEqual(3);
    }
  });

  it('lets every webserver reach the internet under the pool of its own gateway only, and all of it', async () => {
    const seen = await Promise.all(
      webservers.map(async (web) => [web, await gatewayOf(lab, web), await talk(lab, web)] as const),
    );
    for (const [web, gateway, answers] of seen) {
      expect(answers.length, web).toBe(20);
      const pool = Array.from({ length: 6 }, (_, i) => `203.0.113.${gateway * 10 + i}`);
      expect(pool, web).toEqual(expect.arrayContaining([...new Set(answers)]));
      expect(new Set(answers).size, web).toBeGreaterThan(1);
    }
    expect(new Set(seen.map(([, gateway]) => gateway)).size).toBe(gateways.length);
  });

  it('lets unsolicited packets from outside reach nobody inside', async () => {
    const web = webservers.at(-1) ?? '';
    const address = (await lab.run(web, 'ip -4 -o addr show dev eth0')).match(/inet ([\d.]+)/)?.[1] ?? '';
    await listen(lab, web);
    for (const gateway of gateways) await listen(lab, gateway);
    await knock(lab, 'controller', address);
    expect(await heard(lab, web)).toContain('controller');
    for (const [i, gateway] of gateways.entries()) {
      const door = `203.0.113.${10 * (i + 1)}`;
      await lab.run('internet', `ip route replace 10.0.0.0/8 via ${door}`);
      const doors = [address, ...[1, 5].map((offset) => `203.0.113.${10 * (i + 1) + offset}`)];
      await Promise.all(doors.map((one) => knock(lab, 'internet', one)));
      expect(await heard(lab, gateway), gateway).not.toContain('internet');
    }
    await lab.run('internet', 'ip route del 10.0.0.0/8');
    expect(await heard(lab, web)).not.toContain('internet');
    for (const host of [web, ...gateways]) await lab.run(host, 'kill $(cat /tmp/listener)');
  });

  it('has nothing left to do: the plan says so, and a second apply changes nothing at all', async () => {
    await execs(lab, all);
    const before = await hostStates(lab, all);
    const planned = await lab.gwfleet(['plan', lab.inventory, '--exit-code']);
    expect(planned).toMatchObject({ code: 0 });
    expect(planned.stdout).toMatch(/No changes: (\d+) of \1 hosts are as wanted\n$/);
    const again = await lab.gwfleet(['apply', lab.inventory, '--yes']);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(new RegExp(`^${all.length} hosts: ${all.length} ok, `));
    expect(await hostStates(lab, all)).toEqual(before);
    expect(await execs(lab, all)).toEqual(new Map(all.map((host) => [host, { logins: 2, execs: 2 }])));
  });
});

/** sshd tells each exec only when it is talkative. */
async function countExecs(lab: Fleet, host: string): Promise<void> {
  const restart = `
sed -i '1i LogLevel VERBOSE' /etc/ssh/sshd_config
kill -HUP "$(cat /run/sshd.pid)"
until [ "$(grep -c 'Server listening' /var/log/sshd.log)" -ge 2 ]; do sleep 0.1; done`;
  await lab.run(host, restart);
  await lab.run(host, 'wc -l < /var/log/sshd.log > /tmp/told');
}

interface Count {
  readonly logins: number;
  readonly execs: number;
}

/** What came in over ssh since the last call. */
async function execs(lab: Fleet, hosts: readonly string[]): Promise<ReadonlyMap<string, Count>> {
  const script = `tail -n +$(( $(cat /tmp/told) + 1 )) /var/log/sshd.log; wc -l < /var/log/sshd.log > /tmp/told`;
  const counts = hosts.map(async (host) => {
    const log = await lab.run(host, script);
    const logins = log.match(/Accepted publickey/g)?.length ?? 0;
    return [host, { logins, execs: log.match(/Starting session: command/g)?.length ?? 0 }] as const;
  });
  return new Map(await Promise.all(counts));
}

/** The number of the gateway that a webserver's default route leads to. */
async function gatewayOf(lab: Fleet, web: string): Promise<number> {
  const routes = (await lab.run(web, 'ip -4 route show default')).trim().split('\n');
  expect(routes, web).toHaveLength(1);
  return Number(/via 10\.0\.0\.(\d+) /.exec(routes[0] ?? '')?.[1]);
}

/** The addresses under which the internet has seen a webserver, over HTTP, TCP and UDP. */
async function talk(lab: Fleet, web: string): Promise<readonly string[]> {
  const script = `
for i in 1 2 3 4 5 6 7 8; do curl -sm 20 http://${internet}/; echo; done
for i in 1 2 3 4 5 6; do exec 3<>/dev/tcp/${internet}/7; timeout 20 head -n 1 <&3; exec 3>&-; done
for i in 1 2 3 4 5 6; do exec 3<>/dev/udp/${internet}/7; echo hello >&3; timeout 20 head -n 1 <&3; exec 3>&-; done`;
  const said = await lab.run(web, ['bash', '-c', script]);
  return said
    .trim()
    .split('\n')
    .map((line) => line.split(':')[0] ?? '');
}

/** Writes down what comes in on TCP 8081 and UDP 8082, whoever sends it. */
async function listen(lab: Fleet, host: string): Promise<void> {
  await lab.run(
    host,
    ': > /tmp/heard; setsid sh -c "echo \\$\\$ > /tmp/listener; nc -lk 8081 >> /tmp/heard & nc -lku 8082 >> /tmp/heard & trap \'kill 0\' TERM; wait" > /dev/null 2>&1 < /dev/null &',
  );
  await expect
    .poll(async () => (await lab.exec(host, 'ss -Hlntu "sport = :8081 or sport = :8082" | wc -l')).stdout)
    .toBe('2\n');
}

/** Says its name to both ports of an address; whether it arrives is for the listener to say. */
async function knock(lab: Fleet, from: string, address: string): Promise<void> {
  const script = `(echo ${from} | timeout 3 nc -N -w 2 ${address} 8081) & (echo ${from} | timeout 3 nc -u -w 1 ${address} 8082) & wait`;
  await lab.exec(from, script);
}

async function heard(lab: Fleet, host: string): Promise<string> {
  return lab.run(host, 'sleep 0.2; cat /tmp/heard');
}
