/** The program from outside: exit codes and streams where nothing may be touched. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'gwfleet-cli-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inventory = file('hosts.yaml', 'all: { hosts: { here: { ansible_connection: local } } }\n');
const broken = file('broken.yaml', 'all: { hostz: {} }\n');
const playbook = file(
  'play.yaml',
  '- hosts: all\n  tasks:\n    - command: { argv: [touch, /nonexistent/x], creates: /nonexistent/x }\n',
);

function gwfleet(...args: readonly string[]) {
  const env = { ...process.env, XDG_STATE_HOME: folder, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/gwfleet.js', ...args], {
    encoding: 'utf8',
    env,
    input: '',
  });
  return { status, stdout, stderr };
}

describe('gwfleet', { timeout: 30_000 }, () => {
  it('ends with 5 and one JSON object for broken files', () => {
    const { status, stdout, stderr } = gwfleet('plan', broken, '-p', playbook, '--json');
    expect(status).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ v: 1, exit: 5, diagnostics: [{ severity: 'error' }] });
    expect(stderr).toContain('broken.yaml:1:');
  });

  it('ends with 5 where a question would be asked and nobody is there, --json or not', () => {
    const { status, stdout, stderr } = gwfleet('apply', inventory, '-p', playbook, '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([5, { exit: 5 }]);
    expect(stderr).toContain('--yes');
  });

  it('plans as plan, one event a line', () => {
    const { status, stdout } = gwfleet(
      'plan',
      inventory,
      '-p',
      playbook,
      '--progress',
      'jsonl',
      '--exit-code',
    );
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; run: unknown });
    expect(events[0]).toMatchObject({ type: 'run-started', command: 'plan' });
    expect(events.map(({ run }) => typeof run)).toEqual(events.map(() => 'string'));
    expect([status, events.at(-1)]).toMatchObject([2, { type: 'run-finished', exit: 2 }]);
  });

  it('carries out a saved plan as it is, or not at all', () => {
    const saved = join(folder, 'change.plan');
    expect(gwfleet('plan', inventory, '-p', playbook, '-o', saved).status).toBe(0);
    expect(gwfleet('apply', saved, '--yes', '-l', 'here').stderr).toContain('--limit cannot change it');
    const shown = gwfleet('apply', saved, '--check');
    expect(shown.stdout).toContain('1 to run');
    writeFileSync(inventory, 'all: { hosts: { other: { ansible_connection: local } } }\n');
    const { status, stderr } = gwfleet('apply', saved, '--yes');
    expect([status, stderr]).toEqual([6, expect.stringContaining('no longer has: here')]);
  });
});
