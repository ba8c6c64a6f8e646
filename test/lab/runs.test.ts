/**
 * What is left of a run when it is over, however it ended: its story, its lock on the inventory, and a way to carry on.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, inventoryLocks, journalOf, runIds, start, stateOf } from './process.ts';

const waits = `
- hosts: gw1
  tasks:
    - { name: Alias, aliases: { interface: eth1, addresses: 203.0.113.10-203.0.113.11 } }
    - { name: Waits, command: { cmd: "until [ -e /run/go ]; do sleep 0.1; done", unless: "test -e /run/go" } }
`;

describe('the lock of an inventory', () => {
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 0 });
  });

  it('lets one of two go, and tells the other whose it is, since when, and what to do: exit 6', async () => {
    writeFileSync(join(lab.folder, 'waits.yaml'), waits);
    const first = start(lab, ['apply', lab.inventory, '-p', join(lab.folder, 'waits.yaml'), '--yes']);
    await first.until(/guard armed/);
    const second = await gwfleet(lab, ['apply', join(lab.folder, '.', 'inventory.yaml'), '--yes', '--json']);
    expect(second.code).toBe(6);
    const { error, hint } = JSON.parse(second.stdout) as { error: string; hint: string };
    const [run = ''] = runIds(lab);
    expect(error).toMatch(
      new RegExp(
        `being changed by run ${run} \\(apply\\) of .+@.+ since .+ UTC \\(process \\d+\\); nothing was touched`,
      ),
    );
    expect(hint).toContain(`gwfleet runs show ${run}`);
    const look = await gwfleet(lab, ['plan', lab.inventory]);
    expect(look.stderr).toContain(`run ${run} (apply)`);
    // Somebody on another machine meets the guard itself.
    const elsewhere = join(lab.folder, 'state-of-another');
    const third = await gwfleet(
      lab,
      ['apply', lab.inventory, '-p', join(lab.folder, 'waits.yaml'), '--yes', '--break-lock', run],
      elsewhere,
    );
    expect(`${third.code} ${third.stdout}`).toMatch(
      new RegExp(
        `^6 gw1 failed: locked by run ${run}\\.1 of .+@.+ since .+ UTC, at most \\d+ s left\\n.*--break-lock takes no lock from the living`,
      ),
    );
    const fourth = await gwfleet(lab, ['plan', lab.inventory], join(lab.folder, 'state-of-a-third'));
    expect(`${fourth.code} ${fourth.stderr}`).toMatch(
      new RegExp(
        `^0 [\\s\\S]*gw1.* locked by run ${run}\\.1 of .+ at most \\d+ s left; .*the host rolls it back by itself`,
      ),
    );
    await lab.run('gw1', 'touch /run/go');
    expect((await first.ended).code).toBe(0);
    expect(inventoryLocks(lab)).toEqual([]);
  });

  it('of a dead run, with a host that cannot be asked, is broken on purpose only', async () => {
    const dying = start(lab, ['apply', lab.inventory, '--yes', '--confirm-timeout', '5s']);
    await dying.until(/\[gw1\] guard armed/);
    dying.child.kill('SIGKILL');
    await dying.ended;
    const [run = ''] = runIds(lab);
    await lab.run('gw1', 'kill $(cat /run/sshd.pid)');
    const refused = await gwfleet(lab, ['apply', lab.inventory, '--yes', '--limit', 'gw2']);
    expect(refused.code).toBe(6);
    expect(refused.stderr).toMatch(/in flight: gw1\n[\s\S]*\[gw1\] .*cannot be asked/);
    expect(refused.stderr).toMatch(
      new RegExp(`died while it was changing gw1[\\s\\S]*--break-lock ${run}\n$`),
    );
    const other = await gwfleet(lab, [
      'apply',
      lab.inventory,
      '--yes',
      '--limit',
      'gw2',
      '--break-lock',
      'another',
    ]);
    expect(other.code).toBe(6);
    const broken = await gwfleet(lab, [
      'apply',
      lab.inventory,
      '--yes',
      '--limit',
      'gw2',
      '--break-lock',
      run,
    ]);
    expect(`${broken.code} ${broken.stderr}`).toMatch(/^0 [\s\S]*the lock of run .* is broken, as you said/);
    await lab.run('gw1', '/usr/sbin/sshd -E /var/log/sshd.log');
    expect(inventoryLocks(lab)).toEqual([]);
    const { stdout } = await gwfleet(lab, ['runs', 'show', run]);
    expect(stdout).toMatch(/died[\s\S]*unknown {2,}gw1[\s\S]*cannot be asked/);
  });

  it('bears half a last line in the journal of a run that was killed', async () => {
    // The guard of the run before is let go first: it goes back by itself.
    const held = () => lab.run('gw1', 'ls /run/gwfleet/lock 2>/dev/null || :');
    await expect.poll(held, { timeout: 60_000, interval: 200 }).toBe('');
    const dying = start(lab, ['apply', lab.inventory, '--yes', '--confirm-timeout', '5s']);
    await dying.until(/\[gw1\] guard armed/);
    dying.child.kill('SIGKILL');
    await dying.ended;
    const [run = ''] = runIds(lab);
    appendFileSync(join(stateOf(lab), 'gwfleet', 'runs', run, 'events.jsonl'), '{"type":"host-fini');
    const again = await gwfleet(lab, ['apply', lab.inventory, '--yes']);
    expect(`${again.code} ${again.stderr}`).toMatch(/^0 [\s\S]*in flight: gw1\n[\s\S]*rolled back, verified/);
    expect(journalOf(lab, run).at(-1)).toMatchObject({ type: 'run-died' });
    const { stdout } = await gwfleet(lab, ['runs', 'show', run.slice(0, -1)]);
    expect(stdout).toMatch(/rolled-back {2,}gw1/);
  });
});

const careful = `
- hosts: webservers
  serial: 1
  tasks:
    - { name: Default route, default_route: { via: "{{ gateway }}", drain: false } }
    - { name: The internet answers, check: { tcp: "198.51.100.7:80" } }
`;

describe('a failure in batch 2 of 5', () => {
  let lab: Fleet;
  const apply = () => ['apply', lab.inventory, '-p', join(lab.folder, 'careful.yaml'), '--yes'];
  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 5 });
    writeFileSync(join(lab.folder, 'careful.yaml'), careful);
    await gwfleet(lab, ['apply', lab.inventory, '--yes', '--limit', 'gateways']);
    await lab.run('web02', 'iptables -A OUTPUT -d 198.51.100.7 -j REJECT');
  });

  it('stops there and says what is where', async () => {
    const { code, stdout } = await gwfleet(lab, apply());
    expect(code).toBe(2);
    expect(stdout).toMatch(/^web02 rolled-back in 'The internet answers': .*rolled back, verified/);
    expect(stdout).toMatch(
      / {2}changed {6}web01\n {2}rolled-back {2}web02\n {2}not reached {2}web03\.\.web05\n/,
    );
    expect(await lab.run('web02', 'ip route show default')).toBe('');
  });

  it('names the hosts that failed by @last:failed', async () => {
    const { stdout } = await gwfleet(lab, [...apply(), '--limit', '@last:failed', '--list-hosts']);
    expect(stdout).toMatch(/1 host .*\n {2}web02\n$/);
  });

  it('is told by runs and runs show, from the beginning of an id', async () => {
    const [run = ''] = runIds(lab);
    const list = await gwfleet(lab, ['runs', '-n', '1']);
    expect(list.stdout).toMatch(
      new RegExp(`^run .*\n${run} .* apply .* 2 +1 changed, 1 rolled-back, 3 not reached\n$`),
    );
    const { stdout } = await gwfleet(lab, ['runs', 'show', run.slice(0, -2)]);
    expect(stdout).toMatch(/web02 rolled-back in 'The internet answers'/);
    expect(stdout).toContain(`next: gwfleet runs resume ${run}   (4 hosts not through)`);
    const wrong = await gwfleet(lab, ['runs', 'show', `${run.slice(0, -1)}?`]);
    expect(wrong).toMatchObject({ code: 5 });
    expect(wrong.stderr).toContain(`did you mean '`);
  });

  it('is carried on after the repair: failed and never reached hosts only, as a run of its own', async () => {
    const [old = ''] = runIds(lab);
    await lab.run('web02', 'iptables -D OUTPUT -d 198.51.100.7 -j REJECT');
    const { code, stderr, stdout } = await gwfleet(lab, ['runs', 'resume', old, '--yes']);
    expect(`${code} ${stderr}`).toMatch(/^0 carrying on run .* on 4 hosts: web02 web03 web04 web05\n/);
    expect(stdout).toMatch(/^4 hosts: 4 changed/);
    const [run = ''] = runIds(lab);
    const story = await gwfleet(lab, ['runs', 'show', run]);
    expect(story.stdout).toContain(`carries on run ${old}`);
    expect(await gwfleet(lab, ['plan', ...apply().slice(1, -1), '--exit-code'])).toMatchObject({
      code: 0,
    });
    const nothing = await gwfleet(lab, ['runs', 'resume', run, '--yes']);
    expect(nothing).toMatchObject({ code: 5, stderr: expect.stringContaining('nothing is left') as string });
  });
});
