/**
 * Secrets stay where they belong: in the user's files and in what is made of them on the host. Canaries are looked for
 * in everything else: what is printed, plan files, the state folder, what the guard leaves, process lists.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExecResult } from '../../src/lab/exec.ts';
import { type Fleet, fleet } from './fleet.ts';
import { onTerminal } from './typed-terminal.ts';

const secret = `CANARY-pa"ss'$(id)`;
const literal = 'CANARY-literal';
const sudo = 'CANARY-sudo';

const tasks = `
- hosts: all
  tasks:
    - { name: Key, file: { path: /etc/agent.key, content: "{{ agent_line }}", mode: "0600" } }
    - name: Told
      no_log: true
      file: { path: /etc/other.key, content: "${literal}\\n", mode: "0600" }
    - name: Command
      command:
        cmd: |
          echo "$(cat <<'X'
          {{ agent_password }}
          X
          )" >/run/said
          sleep 3
        unless: "test -e /run/said # {{ agent_password | default('') }}"
    - { name: Ports, sysctl: { net.ipv4.ip_local_port_range: 1024 65000 } }
`;

const failing = `
- hosts: all
  tasks:
    - name: Says it
      no_log: true
      when: inventory_hostname == 'gw1'
      command: { cmd: "echo CANARY-literal; cat /etc/agent.key; exit 7", unless: "false" }
    - name: Says it by chance
      when: inventory_hostname == 'web01'
      command: { cmd: "cat /etc/agent.key; exit 7", unless: "false" }
`;

describe('secrets', () => {
  let lab: Fleet;
  const file = (name: string): string => join(lab.folder, name);
  const inventory = (more: object = {}): string => {
    const all = {
      vars: {
        gwfleet_lab: lab.name,
        ansible_ssh_private_key_file: file('id_ed25519'),
        ansible_ssh_common_args: `-o UserKnownHostsFile=${file('known_hosts')}`,
        agent_password: secret,
        agent_line: 'password={{ agent_password }}\n',
        ...more,
      },
      hosts: {
        gw1: { ansible_host: '10.0.0.1', ansible_user: 'root' },
        web01: {
          ansible_host: '10.0.1.1',
          ansible_user: 'op',
          ansible_become: true,
          ansible_become_password: sudo,
        },
      },
    };
    writeFileSync(file('secret.yaml'), JSON.stringify({ all }));
    return file('secret.yaml');
  };
  const env = () => ({ env: { XDG_STATE_HOME: file('state') } });
  const gwfleet = (...args: readonly string[]) => lab.gwfleet(args, env());

  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 1 });
    writeFileSync(file('tasks.yaml'), tasks);
    writeFileSync(file('failing.yaml'), failing);
    await lab.run(
      'web01',
      `useradd -m -s /bin/sh op; echo 'op:${sudo}' | chpasswd; mkdir -p /home/op/.ssh
cp /root/.ssh/authorized_keys /home/op/.ssh/; chown -R op /home/op/.ssh
echo 'op ALL=(ALL) ALL' >/etc/sudoers.d/op; chmod 440 /etc/sudoers.d/op`,
    );
  });

  function clean({ stdout, stderr }: ExecResult): void {
    expect(`${stdout}${stderr}`).not.toContain('CANARY');
  }

  /** Everything that gwfleet keeps here and on the hosts. */
  async function kept(): Promise<string> {
    const here = execFileSync(
      'sh',
      ['-c', 'grep -rl CANARY "$0" "$1" 2>/dev/null || :', file('state'), file('saved.plan')],
      {
        encoding: 'utf8',
      },
    );
    const there = await Promise.all(
      ['gw1', 'web01'].map((host) =>
        lab.run(
          host,
          `grep -rl CANARY /run/gwfleet /tmp /var/log 2>/dev/null; grep -rl "$(printf 'password=CANARY' | base64 | head -c 12)" /run/gwfleet; :`,
        ),
      ),
    );
    return [here, ...there].join('');
  }

  it('are hidden in every form of a plan, and a plan says that something is', async () => {
    const args = [inventory(), '-p', file('tasks.yaml')];
    const plan = await gwfleet('plan', ...args, '--diff');
    clean(plan);
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/\+ file \/etc\/agent\.key +\(hidden\)/);
    expect(plan.stdout).toMatch(/\+ file \/etc\/other\.key +\(hidden\)/);
    expect(plan.stdout).toMatch(/> command \(hidden\)/);
    clean(await gwfleet('plan', ...args, '--json'));
    clean(await gwfleet('plan', ...args, '--progress', 'jsonl', '-v'));
  });

  it('are in no saved plan, which is carried out all the same, and seen in no process list', async () => {
    const saved = await gwfleet('plan', inventory(), '-p', file('tasks.yaml'), '-o', file('saved.plan'));
    clean(saved);
    expect(await kept()).toBe('');
    const running = gwfleet('apply', file('saved.plan'), '--yes');
    const seen = (host: string): Promise<string> =>
      lab.run(
        host,
        `n=0; until [ -e /run/said ]; do n=$((n+1)); [ $n -lt 600 ] || exit 9; ps -eo args; sleep 0.05; done; ps -eo args`,
      );
    const lists = await Promise.all([...['gw1', 'web01'].map(seen), lab.run('controller', 'ps -eo args')]);
    for (const list of lists) {
      expect(list).toMatch(/sleep 3|gwfleet/);
      expect(list.replaceAll(/.*\bps -eo args.*/g, '')).not.toContain('CANARY');
    }
    const done = await running;
    clean(done);
    expect(done.stdout).toContain('2 hosts: 2 changed');
    expect(done.code).toBe(0);
    expect(await lab.run('gw1', 'cat /etc/agent.key /run/said /etc/other.key')).toBe(
      `password=${secret}\n${secret}\n${literal}\n`,
    );
    expect(await kept()).toBe('');
  });

  it('that are others now make a saved plan stale', async () => {
    await lab.run('gw1', 'rm /etc/agent.key');
    clean(await gwfleet('plan', inventory(), '-p', file('tasks.yaml'), '-o', file('saved.plan')));
    inventory({ agent_password: 'CANARY-other' });
    const stale = await gwfleet('apply', file('saved.plan'), '--yes');
    clean(stale);
    expect(stale.stderr).toMatch(
      /'Key' on gw1 holds a secret, and it is another one since the plan was made/,
    );
    expect(stale.code).toBe(6);
  });

  it('make a saved plan stale where a host has moved under one: exit 6, and nothing was touched', async () => {
    writeFileSync(file('saved.plan'), 'old', { mode: 0o644 });
    clean(await gwfleet('plan', inventory(), '-p', file('tasks.yaml'), '-o', file('saved.plan')));
    expect(statSync(file('saved.plan')).mode & 0o777).toBe(0o600);
    await lab.run('gw1', 'echo somebody else >/etc/agent.key');
    const told = await gwfleet('apply', file('saved.plan'), '--yes');
    clean(told);
    expect(told.stdout).toMatch(/gw1 failed in 'Key': the host has moved since the plan was made\n/);
    expect(told.code).toBe(6);
    expect(await lab.run('gw1', 'cat /etc/agent.key')).toBe('somebody else\n');
  });

  it('are hidden where a host says them: with no_log all of it, else where they are known', async () => {
    await lab.run(
      'gw1',
      `printf 'password=%s\\n' ${JSON.stringify(secret).replaceAll('$', '\\$')} >/etc/agent.key`,
    );
    const failed = await gwfleet(
      'apply',
      inventory(),
      '-p',
      file('failing.yaml'),
      '--yes',
      '--progress',
      'plain',
    );
    clean(failed);
    expect(failed.stdout).toMatch(
      /gw1 rolled-back in 'Says it': exit 7; rolled back, verified\n *\(hidden\)/,
    );
    expect(failed.stdout).toMatch(/web01 .*'Says it by chance': exit 7.*\n *password=\(hidden\)/);
    // What a command says that nobody called a secret stays in the journal of its host, for root alone.
    expect((await kept()).replaceAll(/\/run\/gwfleet\/[^ ]*[^ ]*\/(?:journal|p1t2\.out)\n/g, '')).toBe('');
    const [, run = ''] = /runs resume (\S+)/.exec(failed.stdout) ?? [];
    clean(await gwfleet('report', run, '-o', file('report.html')));
    const page = readFileSync(file('report.html'), 'utf8');
    expect(page).toContain('(hidden)');
    expect(page).not.toMatch(/CANARY/);
    clean(await gwfleet('apply', inventory(), '-p', file('failing.yaml'), '--yes', '--json'));
  });

  it('that -K asks for are asked once, hidden while they are typed, and after the files are read', async () => {
    const all = JSON.parse(readFileSync(inventory(), 'utf8')) as {
      all: { hosts: { web01: { ansible_become_password?: string } } };
    };
    delete all.all.hosts.web01.ansible_become_password;
    writeFileSync(file('asking.yaml'), JSON.stringify(all));
    const playbook = ['-p', file('failing.yaml')];
    const commands = [
      ['plan', file('asking.yaml'), ...playbook],
      ['apply', '--check', file('asking.yaml'), ...playbook],
      ['status', lab.inventory],
    ];
    for (const command of commands) {
      const asked = onTerminal([...command, '-K'], env().env);
      await asked.sees(/sudo password: /);
      asked.type(`${sudo}\n`);
      await asked.sees(/\n/);
      expect(await asked.ended).toBe(0);
      expect(asked.shown().match(/sudo password: /g)).toHaveLength(1);
      expect(asked.shown()).not.toMatch(/CANARY|wants a password/);
    }
    const wrong = onTerminal(['plan', file('nowhere.yaml'), ...playbook, '-K'], env().env);
    expect(await wrong.ended).toBe(5);
    expect(wrong.shown()).not.toContain('sudo password');
    const alone = await gwfleet('plan', file('asking.yaml'), ...playbook, '-K');
    expect(alone.code).toBe(5);
    expect(alone.stderr).toMatch(
      /'sudo password:' cannot be asked: there is no terminal\n +put ansible_become_password/,
    );
  });

  it('stand as stars in the line of the user’s file that an error shows', async () => {
    writeFileSync(
      file('wrong.yaml'),
      `all:\n  hosts:\n    gw1: { ansible_password: ${literal}, ansible_port: x }\n    web01:\n      ansible_become_password: ${literal}\n      ansible_port: x\n`,
    );
    const told = await gwfleet('validate', file('wrong.yaml'), '-p', file('failing.yaml'));
    clean(told);
    expect(told.stderr).toContain(`ansible_password: ${'*'.repeat(literal.length)}, ansible_port: x`);
    expect(told.code).toBe(5);
  });
});
