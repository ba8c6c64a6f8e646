/**
 * Hosts that cannot be reached, cannot be changed or are somebody else's at the moment: each gets a result that says
 * what happened and what to do, the others go on, and the exit code is the worst that is true.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExecResult } from '../../src/lab/exec.ts';
import { type Fleet, fleet } from './fleet.ts';
import { hostState } from './host-state.ts';

interface Told {
  readonly exit: number;
  readonly stopped?: string;
  readonly hosts: Readonly<
    Record<string, { result: string; message?: string; task?: string; said?: string; next?: string }>
  >;
}

const toldIn = ({ stdout }: ExecResult): Told => JSON.parse(stdout) as Told;

/** Each host with its own trouble, told by the words of the host result. */
const troubles = {
  gw1: { result: 'changed', script: ':' },
  gw2: { result: 'unreachable', message: /10\.0\.0\.2/, script: '' },
  gw3: {
    result: 'unreachable',
    message: /refused the login of root, tried/,
    script: ': > /root/.ssh/authorized_keys',
  },
  gw4: {
    result: 'unreachable',
    message: /host key .*has changed/,
    next: /ssh-keygen .*-R/,
    script: `rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
kill -HUP "$(cat /run/sshd.pid)"; until [ "$(grep -c 'Server listening' /var/log/sshd.log)" -ge 2 ]; do sleep 0.1; done`,
  },
  gw5: {
    result: 'failed',
    message: /iptables/,
    task: /FORWARD and SNAT rules/,
    script: 'rm -f /usr/sbin/*iptables* /usr/sbin/xtables*',
  },
  gw6: {
    result: 'failed',
    message: /cannot write \/run\/gwfleet \(read-only/,
    next: /nothing was changed/,
    script: 'mount -o remount,ro /run',
  },
  gw7: {
    result: 'failed',
    message: /locked by run 20260101-000000-abcd\.1 of eve@elsewhere since 2023-11-14 22:13:20 UTC/,
    next: /nothing was changed/,
    script:
      'mkdir /run/gwfleet; printf "run 20260101-000000-abcd.1\\nowner eve@elsewhere\\nsince 1700000000\\nseconds 60\\n" > /run/gwfleet/lock',
  },
  gw8: {
    result: 'changed',
    script: 'printf \'echo Welcome; echo "gwf- begin facts"; echo oops >&2\\n\' > /root/.bashrc',
  },
  gw9: { result: 'failed', message: /not available/, script: 'usermod -s /usr/sbin/nologin root' },
  web03: {
    result: 'failed',
    message: /nobody answers for 10\.0\.0\.2 on eth0; the default route stays/,
    script: ':',
  },
  web01: { result: 'changed', script: 'mount --bind /etc /etc && mount -o remount,bind,ro /etc' },
  web02: { result: 'changed', script: "printf '\\033[31mhello\\007\\n' > /etc/motd" },
} satisfies Readonly<
  Record<string, { result: string; script: string; message?: RegExp; next?: RegExp; task?: RegExp }>
>;

type Trouble = (typeof troubles)[keyof typeof troubles] & {
  readonly message?: RegExp;
  readonly next?: RegExp;
  readonly task?: RegExp;
};

describe('a fleet with all kinds of trouble', () => {
  let lab: Fleet;
  let told: Told;
  let done: ExecResult;
  beforeAll(async () => {
    lab = await fleet({ gateways: 9, webservers: 3 });
    // gw2 is the one without power.
    const own = 's/(web0[12]: .*) }/\\1, gateway: gw1 }/; s/(web03: .*) }/\\1, gateway: gw2 }/';
    await lab.run('controller', ['sed', '-Ei', own, lab.inventory]);
    await Promise.all(
      Object.entries(troubles).map(([host, { script }]) =>
        script === '' ? lab.stop(host) : lab.run(host, script),
      ),
    );
    done = await lab.gwfleet(['apply', lab.inventory, '--yes', '--json']);
    told = toldIn(done);
  });

  it('exits 2, stops nobody, and keeps stdout for the result', () => {
    expect(done.code).toBe(2);
    expect(told.exit).toBe(2);
    expect(told.stopped).toBeUndefined();
    expect(done.stderr).toContain('[gw2] unreachable');
  });

  it.each(Object.entries(troubles) as [string, Trouble][])('says what happened to %s', (host, trouble) => {
    const { result, message = '', next = '', task = '' } = told.hosts[host]!;
    expect(`${result}: ${message}`).toMatch(new RegExp(`^${trouble.result}`));
    expect(message).toMatch(trouble.message ?? /^$/);
    expect(next).toMatch(trouble.next ?? /(?:)/);
    expect(task).toMatch(trouble.task ?? /(?:)/);
    expect(message).not.toMatch(/undefined|\[object|at .*\.js:\d/);
  });

  it('exits 4 when hosts are unreachable and nothing else', async () => {
    const only = await lab.gwfleet(['apply', lab.inventory, '--yes', '--limit', 'gw2,gw3,gw4']);
    expect(only.code).toBe(4);
    expect(only.stdout).toMatch(/3 hosts: 3 unreachable/);
    const planned = await lab.gwfleet(['plan', lab.inventory, '--limit', 'gw3,gw4']);
    expect(planned.code).toBe(4);
    expect(planned.stdout).toMatch(
      /x gw3 unreachable: .*refused the login[\s\S]*x gw4 unreachable: .*changed/,
    );
  });

  it('exits 6 when a lock is held and nothing was touched', async () => {
    const held = await lab.gwfleet(['apply', lab.inventory, '--yes', '--limit', 'gw7']);
    expect(held.code).toBe(6);
    expect(held.stdout).toMatch(/^gw7 failed: locked by run .* of eve@elsewhere/);
    expect(await lab.run('gw7', 'cat /run/gwfleet/lock; ip -4 -o addr show dev eth1 | wc -l')).toMatch(
      /owner eve@elsewhere[\s\S]*\n1\n$/,
    );
  });

  it('finds the healthy ones as wanted afterwards', async () => {
    const { code, stdout } = await lab.gwfleet([
      'plan',
      lab.inventory,
      '--exit-code',
      '--limit',
      'gw1,gw8,web*,!web03',
    ]);
    expect(`${code} ${stdout}`).toMatch(/^0 [\s\S]*No changes: 4 of 4 hosts/);
  });
});

describe('a saved plan', () => {
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 1 });
  });
  const plan = () => `${lab.folder}/change.plan`;
  const save = async (...more: string[]) => {
    expect(await lab.gwfleet(['plan', lab.inventory, '-o', plan(), ...more])).toMatchObject({ code: 0 });
  };

  it('is refused where the host has moved since: exit 6, and nothing is touched', async () => {
    await save('--limit', 'gw1');
    await lab.run('gw1', 'ip addr add 203.0.113.13/32 dev eth1');
    const before = await hostState(lab, 'gw1');
    const { code, stdout } = await lab.gwfleet(['apply', plan(), '--yes']);
    expect(code).toBe(6);
    expect(stdout).toMatch(
      /^gw1 failed: the host has moved since the plan was made: aliases eth1\n.*\n?.*new plan/,
    );
    expect(rulesOf(await hostState(lab, 'gw1'))).toBe(rulesOf(before));
  });

  it('is carried out on the hosts that have not moved, and only there', async () => {
    await save();
    await lab.run('gw1', 'ip addr add 203.0.113.14/32 dev eth1');
    const { code, stdout } = await lab.gwfleet(['apply', plan(), '--yes']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/gw1 failed: the host has moved[\s\S]*3 hosts: 2 changed, 1 failed/);
    await save();
    expect(await lab.gwfleet(['apply', plan(), '--yes'])).toMatchObject({ code: 0 });
    expect(await lab.gwfleet(['plan', lab.inventory, '--exit-code'])).toMatchObject({ code: 0 });
  });

  it('needs the inventory that it was made of, and says so', async () => {
    await save();
    const text = await lab.run('controller', ['sed', 's#inventory.yaml#gone.yaml#', plan()]);
    await lab.run('controller', ['sh', '-c', 'cat > "$0"', `${lab.folder}/other.plan`], { input: text });
    const { code, stderr } = await lab.gwfleet(['apply', `${lab.folder}/other.plan`, '--yes']);
    expect(code).toBe(5);
    expect(stderr).toMatch(/gone\.yaml does not exist/);
  });
});

/** The controller's own address on a gateway: its answers stay at home from then on, nobody gets in any more. */
const cutting = `
- hosts: gw1
  tasks:
    - name: Cut the way in
      aliases: { interface: eth0, addresses: 10.0.255.1 }
- hosts: gw2
  tasks:
    - name: Harmless
      aliases: { interface: eth1, addresses: 203.0.113.21 }
`;

describe('a change that cuts the way in', () => {
  let lab: Fleet;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 0 });
    await lab.run('controller', ['sh', '-c', 'cat > "$0"', `${lab.folder}/cut.yaml`], { input: cutting });
  });

  it('is refused, and the others go on', async () => {
    const apply = ['apply', lab.inventory, '-p', `${lab.folder}/cut.yaml`, '--yes'];
    const { code, stdout } = await lab.gwfleet(apply);
    expect(stdout).toMatch(
      /gw1 failed in 'Cut the way in': this would cut the way in: 10\.0\.255\.1 is where we come from, and it becomes an address of this host/,
    );
    expect(stdout).toContain('2 hosts: 1 changed, 1 failed');
    expect(code).toBe(2);
    await lab.reboot('gw2');
  });

  it('is rolled back by the host itself where it was allowed: exit 3, the host is as before, and the words say so', async () => {
    const before = rulesOf(await hostState(lab, 'gw1'));
    const apply = [
      'apply',
      lab.inventory,
      '-p',
      `${lab.folder}/cut.yaml`,
      '--yes',
      '--confirm-timeout',
      '5s',
      '--allow-cut',
    ];
    const { code, stdout } = await lab.gwfleet(apply);
    expect(stdout).toMatch(/gw1 rolled-back.*: .*rolled back, verified\n/);
    expect(stdout).toContain('the host is as it was before the run');
    expect(code).toBe(3);
    expect(rulesOf(await hostState(lab, 'gw1'))).toBe(before);
  });
});

/** Without what gwfleet keeps in /run for its own memory. */
function rulesOf(state: string): string {
  return state.slice(0, state.indexOf('# run'));
}
