/**
 * The way back of a run that came after others: the files of the earlier one are there again, no webserver goes back to
 * a next hop that is dead or deaf, and hosts that have left the inventory are said.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { bootFiles } from './host-state.ts';
import { gwfleet, runIds } from './process.ts';

describe('rollback of a later run', () => {
  let lab: Fleet;
  const web02 = (): Promise<string> => lab.run('web02', 'ip route show default');
  const away = `- hosts: web02\n  tasks:\n    - { name: Away, default_route: { via: 10.0.0.2, drain: false } }\n`;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 2 });
    await lab.run('gw1', 'mkdir -p /etc/sysctl.d');
    const text = readFileSync(lab.inventory, 'utf8');
    writeFileSync(
      lab.inventory,
      text.replace('  children:\n', '    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n'),
    );
    writeFileSync(join(lab.folder, 'away.yaml'), away);
    expect(await gwfleet(lab, ['apply', lab.inventory, '--yes'])).toMatchObject({ code: 0 });
    expect(await web02()).toContain('10.0.0.1');
  });

  it('leaves the files for a restart that the earlier run had written', async () => {
    const kept = await bootFiles(lab, ['gw1']);
    const quick = join(lab.folder, 'quick.yaml');
    writeFileSync(
      quick,
      `- hosts: gw1\n  tasks:\n    - { name: Quick, conntrack: { pool: "{{ snat_pool }}", timeouts: quick } }\n`,
    );
    expect(await gwfleet(lab, ['apply', lab.inventory, '-p', quick, '--yes'])).toMatchObject({ code: 0 });
    expect(await bootFiles(lab, ['gw1'])).not.toEqual(kept);
    expect(await gwfleet(lab, ['rollback', lab.inventory, '--yes'])).toMatchObject({ code: 0 });
    expect(await bootFiles(lab, ['gw1'])).toEqual(kept);
    expect(await gwfleet(lab, ['plan', lab.inventory, '--exit-code'])).toMatchObject({ code: 0 });
  });

  it('does not go back to a next hop that does not forward, or that nobody answers for', async () => {
    const playbook = join(lab.folder, 'away.yaml');
    expect(await gwfleet(lab, ['apply', lab.inventory, '-p', playbook, '--yes'])).toMatchObject({ code: 0 });
    const back = () => gwfleet(lab, ['rollback', lab.inventory, '--yes']);
    await lab.run('gw1', 'echo 0 >/proc/sys/net/ipv4/ip_forward');
    const deaf = await back();
    expect(`${deaf.code} ${deaf.stdout}`).toMatch(
      /^2 stopped: web02 reaches no probe through gw1 \(10\.0\.0\.1\), the old next hop; nobody goes back/,
    );
    await lab.link('gw1', 'eth0', 'down');
    const dead = await back();
    expect(`${dead.code} ${dead.stdout}`).toMatch(
      /^2 web02 failed in 'Away': nobody answers for the old next hop 10\.0\.0\.1 on eth0; the default route stays where it is/,
    );
    expect(await web02()).toContain('10.0.0.2');
    await lab.link('gw1', 'eth0', 'up');
    await lab.run('gw1', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
    expect(await back()).toMatchObject({ code: 0 });
    expect(await web02()).toContain('10.0.0.1');
  });

  it('says which of its hosts are not in the inventory any more, and what can be done', async () => {
    const [run = ''] = runIds(lab);
    const whole = readFileSync(lab.inventory, 'utf8');
    writeFileSync(lab.inventory, whole.replace(/ {8}web02: .*\n/, ''));
    const alone = await gwfleet(lab, ['rollback', lab.inventory, '--yes']);
    expect(`${alone.code} ${alone.stderr}`).toMatch(
      new RegExp(
        `^5 gwfleet: what run ${run} changed stands on hosts that are not in the inventory any more: web02\n.*put it back`,
      ),
    );
    const first = runIds(lab).at(-1) ?? '';
    const { code, stderr } = await gwfleet(lab, ['rollback', lab.inventory, first, '--check']);
    expect(`${code} ${stderr}`).toMatch(
      /^0 [\s\S]*web02 is not in the inventory any more: what run .* changed there stands/,
    );
    writeFileSync(lab.inventory, whole);
  });
});
