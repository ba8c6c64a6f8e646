/**
 * Commands about one gateway are carried on by their run's id: after a failure in the roll, after a kill -9, and with
 * what was typed the first time. Hosts that left the inventory meanwhile are said.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, inventoryLocks, runIds, start, stateOf } from './process.ts';

const webs = ['web01', 'web02', 'web03'];
const block = (host: string, how: '-I' | '-D') =>
  lab.run(host, `iptables ${how} OUTPUT -d 198.51.100.7 -j REJECT`);
const routes = async (): Promise<readonly string[]> =>
  Promise.all(webs.map(async (web) => (await lab.run(web, 'ip route show default')).split(' ')[2] ?? ''));
const inventory = (): string => readFileSync(lab.inventory, 'utf8');
const resume = (run: string | undefined, ...more: readonly string[]) =>
  gwfleet(lab, ['runs', 'resume', run ?? '', '--yes', ...more]);

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 3, webservers: webs.length });
  const probed = inventory().replace(
    '  children:\n',
    '    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n',
  );
  writeFileSync(lab.inventory, probed.replace(/ {8}gw3: .*\n/, ''));
  const { code, stderr } = await gwfleet(lab, ['apply', lab.inventory, '--yes']);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
});

describe('runs resume', () => {
  it('gateway add: with the address and pool that were typed, though the file has them by now', async () => {
    await lab.run('gw3', 'ip route replace default via 203.0.113.254');
    const asNew = ['--address', '10.0.0.3', '--pool', '203.0.113.30-203.0.113.35', '--serial', '1'];
    const failed = await gwfleet(lab, ['gateway', 'add', lab.inventory, 'gw3', '--yes', ...asNew]);
    expect(`${failed.code} ${failed.stdout}`).toMatch(/^2 stopped: gw3 is not proven/);
    expect(failed.stdout).toContain(`next: gwfleet runs resume ${runIds(lab)[0] ?? ''}`);
    await lab.run('gw3', 'ip route replace default via 203.0.113.1');
    const [old] = runIds(lab);
    const { code, stderr } = await resume(old);
    expect(`${code} ${stderr}`).toMatch(
      /^0 carrying on run .* \(gateway add of gw3\); not through, as far as it knew: /,
    );
    expect(inventory()).toMatch(/gw3: .*active/);
    expect(await routes()).toContain('10.0.0.3');
    const { stdout } = await gwfleet(lab, ['runs', 'show', runIds(lab)[0] ?? '']);
    expect(stdout).toContain(`carries on run ${old ?? ''}`);
    expect(await resume(runIds(lab)[0])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('nothing is left') as string,
    });
  });

  it('gateway drain: after a failure in the roll, to the end', async () => {
    for (const web of webs) await block(web, '-I');
    const drain = ['gateway', 'drain', lab.inventory, 'gw3', '--yes', '--deadline', '5s', '--then', 'cut'];
    expect(await gwfleet(lab, drain)).toMatchObject({
      code: expect.toSatisfy((n) => n === 2 || n === 3) as number,
    });
    expect(inventory()).toMatch(/gw3: .*draining/);
    const [old] = runIds(lab);
    for (const web of webs) await block(web, '-D');
    const { code, stderr, stdout } = await resume(old);
    expect(`${code} ${stderr}${stdout}`).toMatch(/^0 carrying on run .* \(gateway drain of gw3\)/);
    expect(inventory()).toMatch(/gw3: .*standby/);
    expect(await routes()).not.toContain('10.0.0.3');
  });

  it('failover: killed in the middle, and asks again whether the gateway is dead', async () => {
    const [before] = await routes();
    const dead = before === '10.0.0.1' ? 'gw1' : 'gw2';
    await lab.run(dead, 'echo 0 >/proc/sys/net/ipv4/ip_forward');
    const killed = start(lab, ['failover', lab.inventory, dead, '--yes', '--confirm-timeout', '5s']);
    await killed.until(/guard armed/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const [old] = runIds(lab);
    const { code, stderr } = await resume(old);
    expect(`${code} ${stderr}`).toMatch(/^0 carrying on run .* \(failover of gw\d\)[\s\S]*in flight: web0\d/);
    expect(stderr).toMatch(/carries nobody/);
    expect(new Set(await routes())).not.toContain(before);
    expect(inventoryLocks(lab)).toEqual([]);
    await lab.run(dead, 'echo 1 >/proc/sys/net/ipv4/ip_forward');
  });

  it('gateway remove: nothing is left once the gateway is out of the file, however the run ended', async () => {
    const remove = ['gateway', 'remove', lab.inventory, 'gw3', '--yes', '--deadline', '5s'];
    expect(await gwfleet(lab, remove)).toMatchObject({ code: 0 });
    const [run = ''] = runIds(lab);
    const journal = join(stateOf(lab), 'gwfleet', 'runs', run, 'events.jsonl');
    writeFileSync(journal, readFileSync(journal, 'utf8').replace(/.*"run-finished".*\n/, ''));
    const { code, stderr } = await resume(run);
    expect(`${code} ${stderr}`).toMatch(/^5 [\s\S]*nothing is left of run .*: gw3 is out of /);
  });

  it('says which hosts have left the inventory since, and what can be done', async () => {
    for (const web of webs)
      await lab.run(web, 'ip route del default; ip rule flush; ip rule add pref 32766 lookup main');
    await block('web01', '-I');
    await block('web02', '-I');
    const careful = join(lab.folder, 'careful.yaml');
    writeFileSync(
      careful,
      `- hosts: webservers
  tasks:
    - { name: Default route, default_route: { via: "{{ gateway }}", drain: false } }
    - { name: The internet answers, check: { tcp: "198.51.100.7:443" } }
`,
    );
    expect(await gwfleet(lab, ['apply', lab.inventory, '-p', careful, '--yes'])).toMatchObject({ code: 2 });
    const [old = ''] = runIds(lab);
    const whole = inventory();
    writeFileSync(lab.inventory, whole.replace(/ {8}web02: .*\n/, ''));
    await block('web01', '-D');
    const { code, stderr } = await resume(old);
    expect(`${code} ${stderr}`).toMatch(
      new RegExp(
        `^0 [\\s\\S]*web02 is not in the inventory any more, and run ${old} did not bring it to its end`,
      ),
    );
    writeFileSync(lab.inventory, whole);
    await block('web02', '-D');
    expect(await resume(old)).toMatchObject({ code: 0 });
    expect(await routes()).not.toContain('');
  });
});
