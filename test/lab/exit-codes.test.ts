/** The exit codes as the promise that they are, each one brought about for real, and which of two wins. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, start } from './process.ts';

/** Tasks for webservers behind one route; the last one decides. */
const ends = {
  well: '',
  badly: `    - { name: Fails, command: { cmd: "exit 3", unless: "false" } }\n`,
  // The command leaves a trace that nothing takes away: the host cannot be brought back.
  'beyond repair': `    - { name: Leaves a trace, command: { cmd: "touch /run/trace", creates: /run/trace } }
    - { name: Fails, command: { cmd: "sleep 1; exit 3", unless: "false" } }\n`,
  'badly and late': `    - { name: Waits, command: { cmd: "until [ -e /run/go ]; do sleep 0.1; done; exit 3", unless: "false" } }\n`,
} as const;

let lab: Fleet;
const apply = (end: keyof typeof ends, ...more: readonly string[]): readonly string[] => {
  const path = join(lab.folder, `${end.replaceAll(' ', '-')}.yaml`);
  const route = `    - { name: Route, default_route: { via: "{{ gateway }}", drain: false } }\n`;
  writeFileSync(path, `- hosts: webservers\n  max_fail_percentage: 100\n  tasks:\n${route}${ends[end]}`);
  return ['apply', lab.inventory, '-p', path, '--yes', ...more];
};
const code = async (args: readonly string[]): Promise<number | null> => (await gwfleet(lab, args)).code;
const fresh = (web: string): Promise<string> =>
  lab.run(web, 'ip route del default 2>/dev/null; rm -f /run/trace /run/go /run/gwfleet/lock');
const sshd = { stop: 'kill "$(cat /run/sshd.pid)"', start: '/usr/sbin/sshd -E /var/log/sshd.log' };

beforeAll(async () => {
  lab = await fleet({ gateways: 1, webservers: 2 });
  await gwfleet(lab, ['apply', lab.inventory, '--yes', '--limit', 'gateways']);
});

describe('exit code', () => {
  it('0: as wanted, changed or not', async () => {
    expect(await code(apply('well'))).toBe(0);
    expect(await code(apply('well'))).toBe(0);
  });

  it('2: a host failed and another one keeps its change; and plan --exit-code with changes', async () => {
    await fresh('web01');
    await fresh('web02');
    expect(await code(['plan', ...apply('well').slice(1, -1), '--exit-code'])).toBe(2);
    await lab.run('web02', 'mount -o remount,ro /run');
    expect(await code(apply('well'))).toBe(2);
    await lab.run('web02', 'mount -o remount,rw /run');
  });

  it('3: failed, and verified back; it wins over 4', async () => {
    await fresh('web01');
    expect(await code(apply('badly', '--limit', 'web01'))).toBe(3);
    await lab.run('web02', sshd.stop);
    expect(await code(apply('badly'))).toBe(3);
    expect(await lab.run('web01', 'ip route show default')).toBe('');
  });

  it('4: only unreachable hosts', async () => {
    expect(await code(apply('badly', '--limit', 'web02'))).toBe(4);
    expect(await code(['plan', ...apply('well').slice(1, -1), '--limit', 'web02'])).toBe(4);
    await lab.run('web02', sshd.start);
  });

  it('5: usage, invalid files, an empty limit, a question without a terminal', async () => {
    expect(await code([...apply('well'), '--nonsense'])).toBe(5);
    expect(await code(['apply', join(lab.folder, 'nothing.yaml'), '--yes'])).toBe(5);
    expect(await code(apply('well', '--limit', 'web01:!web01'))).toBe(5);
    expect(await code(apply('well').filter((word) => word !== '--yes'))).toBe(5);
    expect(await lab.run('web01', 'ip route show default')).toBe('');
  });

  it('6: a lock is held and nothing was touched; one locked host among many is a failed host', async () => {
    await fresh('web02');
    const long = 'run 20260101-000000-abcd.1\\nowner eve@elsewhere\\nsince 1700000000\\nseconds 3600\\n';
    await lab.run('web01', `mkdir -p /run/gwfleet; printf '${long}' > /run/gwfleet/lock`);
    expect(await code(apply('well', '--limit', 'web01'))).toBe(6);
    expect(await code(apply('well'))).toBe(2);
    const looked = await gwfleet(lab, ['plan', lab.inventory, '--limit', 'web01']);
    expect(`${looked.code} ${looked.stderr}`).toMatch(/^0 [\s\S]*web01.* locked by run 20260101-000000-abcd/);
    const wrong = await gwfleet(
      lab,
      apply('well', '--limit', 'web01', '--break-lock', '20250101-000000-ffff'),
    );
    expect(`${wrong.code} ${wrong.stdout}`).toMatch(
      /^6 [\s\S]*locked by run 20260101-000000-abcd\.1 of eve@elsewhere since 2023-11-14 22:13:20 UTC\n.*that run died here.*--break-lock 20260101-000000-abcd\n/,
    );
    const broken = await gwfleet(lab, apply('well', '--break-lock', '20260101-000000-abcd'));
    expect(`${broken.code} ${broken.stderr}`).toMatch(/^0 [\s\S]*was stale and has been broken/);
  });

  it('6: a plan that is stale', async () => {
    await fresh('web01');
    const plan = join(lab.folder, 'saved.plan');
    await gwfleet(lab, ['plan', ...apply('well').slice(1, -1), '-o', plan, '--limit', 'web01']);
    await lab.run('web01', 'ip route replace default via 10.0.0.1 metric 9');
    expect(await code(['apply', plan, '--yes'])).toBe(6);
  });

  it('7: a rollback that failed; it wins over 99', async () => {
    await fresh('web01');
    expect(await code(apply('beyond repair', '--limit', 'web01'))).toBe(7);
    await fresh('web01');
    const run = start(lab, apply('beyond repair', '--limit', 'web01'));
    await run.until(/Leaves a trace done|guard armed/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(7);
  });

  it('99: interrupted; it wins over 3 and 2', async () => {
    await fresh('web01');
    const run = start(lab, apply('badly and late', '--limit', 'web01'));
    await run.until(/guard armed/);
    run.child.kill('SIGINT');
    await lab.run('web01', 'touch /run/go');
    const ended = await run.ended;
    expect(`${ended.code} ${ended.stdout}`).toMatch(/^99 web01 rolled-back/);
  });
});
