/**
 * Hosts whose every program answers with escapes, garbage, megabytes or nothing, and hosts that begin to lie half-way:
 * none is changed or told as changed that is not, and no sign comes through that a terminal would obey.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { obeyed } from './hostile/servers.ts';

/** What every program of a host does from now on. */
const answers = {
  escapes:
    "printf '\\033[2J\\033]0;owned\\007X\\302\\233\\061m\\342\\200\\256evil\\177\\r\\n'; printf '\\033[2J\\302\\233err\\n' >&2",
  garbage: '/usr/bin/head -c 65536 /dev/urandom; /usr/bin/head -c 65536 /dev/urandom >&2',
  megabytes:
    "/usr/bin/head -c 20000000 /dev/zero | /usr/bin/tr '\\000' x; /usr/bin/head -c 20000000 /dev/zero | /usr/bin/tr '\\000' y >&2",
  nothing: 'exit 0',
  fails: 'exit 1',
  hangs: 'exec /usr/bin/sleep 600',
};

/** `setpriv` is the lab's own way into a host. */
function poison(answer: string, spared: string): string {
  const body = answer.replaceAll("'", `'\\''`);
  return `printf '%s\\n' '#!/usr/bin/dash' '${body}' >/usr/local/bin/.evil
for each in $(ls /usr/bin /usr/sbin); do
  case " ${spared} sh dash bash sshd " in *" $each "*) ;; *) [ -e "/usr/bin/$each" ] || [ -e "/usr/sbin/$each" ] || continue; echo "$each" ;; esac
done | /usr/bin/xargs -I{} /usr/bin/ln -f /usr/local/bin/.evil /usr/local/bin/{}
/usr/bin/chmod 755 /usr/local/bin/.evil`;
}

describe('hosts whose every program lies', () => {
  let lab: Fleet;
  const modes = Object.keys(answers) as (keyof typeof answers)[];

  beforeAll(async () => {
    lab = await fleet({ gateways: modes.length, webservers: 2 });
    await lab.run('controller', ['sed', '-Ei', 's/(web0[12]: .*) }/\\1, gateway: gw1 }/', lab.inventory]);
    for (const [index, mode] of modes.entries())
      await lab.run(`gw${index + 1}`, poison(answers[mode], 'setpriv head'));
    // Not even the program that brings the script in is spared.
    await lab.run('web01', poison(answers.garbage, 'setpriv'));
  });

  it('none of them is changed or taken for well, the honest one is, and nothing they say is obeyed', async () => {
    const [applied, planned, looked] = await Promise.all([
      lab.gwfleet(['apply', lab.inventory, '--yes', '--progress', 'plain'], {
        env: { XDG_STATE_HOME: lab.folder },
      }),
      lab.gwfleet(['plan', lab.inventory, '--json']),
      lab.gwfleet(['status', lab.inventory, '--json']),
    ]);
    for (const { stdout, stderr } of [applied, planned, looked])
      expect(`${stdout}${stderr}`.split('\n').filter((line) => obeyed.test(line))).toEqual([]);
    expect([applied.code, planned.code, looked.code]).toEqual([2, 2, 2]);
    expect(applied.stdout).toMatch(/8 hosts: 1 (?:changed|ok), 1 unreachable, 6 failed|8 hosts: .*failed/);
    for (const host of ['gw1', 'gw2', 'gw3', 'gw4', 'gw5', 'web01'])
      expect(`${applied.stdout}${applied.stderr}`, host).toMatch(new RegExp(`\\[${host}\\] failed`));
    expect(applied.stderr).toMatch(/\[gw6\] unreachable: the host did not answer within 60 s/);
    for (const host of modes.map((_, index) => `gw${index + 1}`)) {
      const left = await lab.run(
        host,
        'PATH=/usr/bin:/usr/sbin; ls -A /run/gwfleet 2>/dev/null; ip -4 -o addr show dev eth1 | wc -l',
      );
      expect(left, host).toBe('1\n');
    }
  });
});

/** A host that is honest for its first commands and then lies: what it was told to do is not known to be done. */
describe('a host that begins to lie', () => {
  let lab: Fleet;
  const playbook = () => join(lab.folder, 'one.yaml');

  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 0 });
    writeFileSync(
      playbook(),
      '- hosts: gateways\n  tasks:\n    - aliases: { interface: eth1, addresses: "{{ snat_pool }}" }\n',
    );
  });

  /** `change`: the shell that looked takes the next script for a joke. `look after`: the next command is none. */
  async function liesFrom(host: string, when: 'change' | 'look after'): Promise<void> {
    const honest = {
      change: `exec 3>&1
while IFS= read -r line; do
case $line in 'echo gwfleet-start-'*) evil >&3; exit 0 ;; esac
printf '%s\\n' "$line"
done | $SSH_ORIGINAL_COMMAND
exit 0`,
      'look after': 'exec sh -c "$SSH_ORIGINAL_COMMAND"',
    }[when];
    const script = `#!/bin/sh
echo x >>/run/commands
evil() { printf '\\033[2J\\302\\233evil\\n'; printf '\\033[2Jerr\\n' >&2; }
if [ "$(wc -l </run/commands)" = 1 ]; then
${honest}
fi
evil; exit 0`;
    await lab.run(
      host,
      `cat >/usr/local/bin/lies <<'X'\n${script}\nX
chmod 755 /usr/local/bin/lies; echo 'ForceCommand /usr/local/bin/lies' >>/etc/ssh/sshd_config
kill -HUP "$(cat /run/sshd.pid)"; until [ "$(grep -c 'Server listening' /var/log/sshd.log)" -ge 2 ]; do sleep 0.1; done`,
    );
  }

  it('at the change, or at the look after it: never told as changed, and back by itself', async () => {
    await liesFrom('gw1', 'change');
    await liesFrom('gw2', 'look after');
    const { code, stdout, stderr } = await lab.gwfleet([
      ...['apply', lab.inventory, '-p', playbook(), '--yes', '--confirm-timeout', '5s', '--json'],
    ]);
    expect(`${stdout}${stderr}`.split('\n').filter((line) => obeyed.test(line))).toEqual([]);
    const told = JSON.parse(stdout) as { hosts: Record<string, { result: string; message: string }> };
    expect(['failed', 'unknown']).toContain(told.hosts['gw1']?.result);
    expect(told.hosts['gw2']?.result).toBe('unknown');
    expect(code).toBe(7);
    // The second one did change; nobody confirmed it.
    const back = 'until [ "$(ip -4 -o addr show dev eth1 | wc -l)" = 1 ]; do sleep 0.2; done; echo back';
    expect(await lab.run('gw2', `timeout 60 sh -c '${back.replaceAll("'", `'\\''`)}'`)).toBe('back\n');
    expect(await lab.run('gw1', 'ip -4 -o addr show dev eth1 | wc -l')).toBe('1\n');
  });
});
