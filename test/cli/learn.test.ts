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

  it.each([
    ['aply', 'Did you mean apply?'],
    ['gateway drian x gw1', 'Did you mean drain?'],
    ['runs shwo', "did you mean 'show'?"],
    ['lab upp', 'Did you mean up?'],
    ['plan --chekc x', 'Did you mean --check?'],
    ['plan FILE --progress plian', "did you mean 'plain'?"],
    ['plan FILE --diff=shrot', "did you mean 'short'?"],
    ['plan FILE --diff shrot', "did you mean 'short'?"],
    ['apply FILE --on-failure rolback_run', "did you mean 'rollback_run'?"],
    ['gateway drain FILE gw1 --then laeve', "did you mean 'leave'?"],
    ['plan FILE -l gatways', "did you mean 'gateways'?"],
    ['plan FILE -l wbe01', "did you mean 'web01'?"],
    ['plan FILE -l zebra', 'the groups all, gateways, webservers'],
    ['plan FILE -t allias', "did you mean 'alias'?"],
    ['plan FILE -e @nowhere.yaml', 'cannot read nowhere.yaml'],
    ['inventory FILE --host web1', "did you mean 'web01'?"],
    ['gateway drain FILE gw4 --yes', "did you mean 'gw1'?"],
    ['docs ruelset', "did you mean 'ruleset'?"],
    ['schema inventroy', "did you mean 'inventory'?"],
    ['completion bsah', "did you mean 'bash'?"],
    ['validate FILE -p WRONG', "did you mean 'addresses'?"],
    ['validate FILE -p WRONG', "did you mean 'sysctl'?"],
  ])('types `%s` and is told: %s', (words, told) => {
    const playbook = join(fleet, 'tagged.yaml');
    const wrong = join(fleet, 'wrong.yaml');
    writeFileSync(
      playbook,
      '- { hosts: gateways, tasks: [{ tags: [alias], sysctl: { net.ipv4.ip_forward: 1 } }] }\n',
    );
    writeFileSync(
      wrong,
      '- { hosts: gateways, tasks: [{ aliases: { interface: eth1, adresses: [] } }, { sysclt: { a: 1 } }] }\n',
    );
    const typed = words
      .replace('FILE', `${fleet}/inventory.yaml${words.includes('-t ') ? ` -p ${playbook}` : ''}`)
      .replace('WRONG', wrong);
    const { status, stderr } = gwfleet(...typed.split(' '));
    expect(stderr).toContain(told);
    expect(status).toBe(5);
  });

  it('is warned of a variable that means nothing, wherever it stands', () => {
    const { stderr } = gwfleet('validate', `${fleet}/inventory.yaml`, '-e', 'snat_pol=203.0.113.1');
    expect(stderr).toContain("did you mean 'snat_pool'?");
  });

  it('finds every verb and its page of help with an example, on a screen of 24 rows by 80 columns', () => {
    const verbsOf = (...path: readonly string[]): readonly string[] =>
      sh('gwfleet', 'complete', '--', ...path, '')
        .stdout.trim()
        .split('\n')
        .filter(Boolean);
    const nested = ['gateway', 'runs', 'hostkeys'].flatMap((verb) =>
      verbsOf(verb).map((inner) => [verb, inner]),
    );
    const lab = ['up', 'down', 'status', 'exec'].map((inner) => ['lab', inner]);
    const pages = [...verbsOf().map((verb) => [verb]), ...nested, ...lab];
    expect(pages.length).toBeGreaterThan(25);
    for (const verb of [[], ...pages]) {
      const { stdout } = gwfleet(...verb, '--help');
      const rows = stdout.trimEnd().split('\n');
      if (verb.length > 0) expect(stdout, verb.join(' ')).toMatch(/^Examples?: .*gwfleet/m);
      expect(rows.length, stdout).toBeLessThan(24);
      expect(Math.max(...rows.map((row) => row.length)), stdout).toBeLessThanOrEqual(80);
    }
  });

  it('has every flag explained by `help`, where a page of --help only names it', () => {
    expect(gwfleet('apply', '--help').stdout).toContain('gwfleet help apply explains all of them');
    for (const words of [
      ['help', 'gateway', 'add'],
      ['gateway', 'help', 'add'],
    ]) {
      const { stdout } = gwfleet(...words);
      expect(stdout).toMatch(/--soak <duration> +how long each batch is watched before the next/);
      expect(stdout).toMatch(/--allow-cut +also a change that certainly cuts the way in/);
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
