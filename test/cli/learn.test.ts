/** What a new user types first: init, help, completion, a misspelt word, a pipe into head. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'gwfleet-learn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = {
  ...process.env,
  XDG_STATE_HOME: folder,
  HOME: folder,
  NO_COLOR: '1',
  PATH: `${folder}/bin:${process.env['PATH']}`,
};
execFileSync('mkdir', ['-p', join(folder, 'bin')]);
execFileSync('ln', ['-s', join(process.cwd(), 'bin/gwfleet.js'), join(folder, 'bin/gwfleet')]);
execFileSync('chmod', ['+x', join(process.cwd(), 'bin/gwfleet.js')]);

function sh(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env, input: '' });
  return { status, stdout, stderr };
}
const gwfleet = (...args: readonly string[]) => sh('gwfleet', ...args);

describe('a beginner', { timeout: 60_000 }, () => {
  const fleet = join(folder, 'fleet');

  it('gets an inventory and a playbook that are valid as they are, and nothing written over', () => {
    expect(gwfleet('init', fleet).status).toBe(0);
    const { status, stdout } = gwfleet('validate', `${fleet}/inventory.yaml`, '-p', `${fleet}/playbook.yaml`);
    expect([status, stdout]).toEqual([0, 'valid: 6 hosts, 2 plays, 0 warnings\n']);
    const again = gwfleet('init', fleet);
    expect([again.status, again.stderr]).toEqual([5, expect.stringContaining('exists already')]);
  });

  it('is told the word that was meant, and what can be done', () => {
    const mistyped = gwfleet('aply');
    expect([mistyped.status, mistyped.stderr]).toEqual([5, expect.stringContaining('Did you mean apply?')]);
    expect(gwfleet('plan', '--chekc', 'x').stderr).toContain('Did you mean --check?');
    expect(gwfleet('plan', `${fleet}/inventroy.yaml`)).toMatchObject({ status: 5 });
    const typo = gwfleet('plan', `${fleet}/inventory.yaml`, '-l', 'gatways');
    expect([typo.status, typo.stderr]).toEqual([5, expect.stringContaining("did you mean 'gateways'?")]);
  });

  it('finds every verb and its page of help with an example, on one screen', () => {
    const verbs = sh('gwfleet', 'complete', '--', '')
      .stdout.trim()
      .split('\n')
      .filter((verb) => verb !== 'lab');
    expect(verbs).toEqual(expect.arrayContaining(['apply', 'plan', 'init', 'runs', 'report', 'completion']));
    for (const verb of ['apply', 'plan', 'validate', 'init', 'report', 'completion', 'docs']) {
      const { stdout } = gwfleet(verb, '--help');
      expect(stdout, verb).toMatch(/^Examples?: .*gwfleet/m);
      expect(stdout.split('\n').length, verb).toBeLessThan(50);
    }
  });

  it('can cut any output short', () => {
    const { stderr, stdout } = sh(
      'bash',
      '-c',
      'gwfleet docs --markdown | head -n 1; gwfleet --help | head -n 1',
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^# Task types\nUsage: gwfleet/);
  });
});

describe('completion', { timeout: 60_000 }, () => {
  const hosts = join(folder, 'hosts.yaml');
  writeFileSync(
    hosts,
    'all: { children: { gateways: { hosts: { gw1: { snat_pool: 203.0.113.10 } } }, webservers: { hosts: { web01: {} } } } }\n',
  );

  it('knows verbs, flags, their words, hosts and groups in bash', () => {
    const complete = (words: string): string[] => {
      const script = `source <(gwfleet completion bash); COMP_WORDS=(${words}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); compopt() { :; }; _gwfleet; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return sh('bash', '-c', script).stdout.trim().split('\n');
    };
    expect(complete('gwfleet va')).toEqual(['validate']);
    expect(complete('gwfleet apply --prog')).toEqual(['--progress']);
    expect(complete('gwfleet apply --progress q')).toEqual(['quiet']);
    expect(complete(`gwfleet apply ${hosts} -l w`)).toEqual(['webservers', 'web01']);
    expect(complete(`gwfleet apply ${hosts} -l 'gateways:we'`)).toEqual([
      'gateways:webservers',
      'gateways:web01',
    ]);
  });

  it('works in zsh and in fish', () => {
    const zsh = `autoload -U compinit; compinit -u -D; source <(gwfleet completion zsh); compadd() { print -l -- "\${found[@]}" }; words=(gwfleet apply ${hosts} -l gw); CURRENT=5; _gwfleet`;
    expect(sh('zsh', '-f', '-c', zsh).stdout.trim()).toBe('gw1');
    const fish = `gwfleet completion fish | source; complete -C 'gwfleet apply ${hosts} -l web0'`;
    expect(sh('fish', '--no-config', '-c', fish).stdout.trim()).toBe('web01');
  });

  it('is silent where nothing can be read', () => {
    expect(gwfleet('complete', '--', 'apply', '/nonexistent.yaml', '-l', 'g')).toEqual({
      ...{ status: 0, stderr: '', stdout: '' },
    });
  });
});
