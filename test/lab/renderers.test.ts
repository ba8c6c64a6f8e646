/** The same run, told in every way that there is: each tells the same results, the same counts and the same exit code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { terminal, watched } from './terminal.ts';

/** Two change, one has nothing to do, one fails and goes back, one is away. */
const mixed = `
- name: Mixed fortunes
  hosts: all
  tasks:
    - file: { path: /tmp/mark, content: "MARK\\n" }
      when: inventory_hostname in ['gw1', 'web01', 'web02']
    - command: { argv: [sh, -c, "exit 3"], creates: /nowhere }
      when: inventory_hostname == 'web02'
`;
const expected = new Map([
  ['gw1', 'changed'],
  ['gw2', 'ok'],
  ['web01', 'changed'],
  ['web02', 'rolled-back'],
  ['web03', 'unreachable'],
]);
const counts = '5 hosts: 1 ok, 2 changed, 1 unreachable, 1 rolled-back';
const exit = 2;

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('a run', () => {
  let lab: Fleet;
  let state: string;
  let mark = 0;
  beforeAll(async () => {
    lab = await fleet({ gateways: 2, webservers: 3 });
    state = join(lab.folder, 'state');
    await lab.stop('web03');
  });
  const playbook = (): string => {
    mark += 1;
    const path = join(lab.folder, `mixed-${mark}.yaml`);
    writeFileSync(path, mixed.replace('MARK', String(mark)));
    return path;
  };
  const gwfleet = (...args: readonly string[]): Promise<Told> =>
    lab.gwfleet(args, { env: { XDG_STATE_HOME: state } });
  const apply = (...flags: readonly string[]): Promise<Told> =>
    gwfleet('apply', lab.inventory, '-p', playbook(), '--yes', ...flags);

  it('is the same in plain lines and in nothing but its end', async () => {
    for (const progress of ['plain', 'quiet']) {
      const { code, stdout } = await apply('--progress', progress);
      expect([progress, code]).toEqual([progress, exit]);
      expect(stdout).toContain(`${counts}, `);
    }
  });

  it('is the same in events, one a line', async () => {
    const { code, stdout } = await apply('--progress', 'jsonl');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const results = events
      .filter(({ type }) => type === 'host-finished')
      .map(({ host, result }) => [host, result]);
    expect(new Map(results as [string, string][])).toEqual(expected);
    expect([code, events.at(-1)?.['type'], events.at(-1)?.['exit']]).toEqual([exit, 'run-finished', exit]);
  });

  it('is the same as one object', async () => {
    const { code, stdout } = await apply('--json');
    const told = JSON.parse(stdout) as { exit: number; hosts: Record<string, { result: string }> };
    expect(new Map(Object.entries(told.hosts).map(([host, { result }]) => [host, result]))).toEqual(expected);
    expect([code, told.exit]).toEqual([exit, exit]);
  });

  it('is the same in the interface, and in the list, the story and the page of it afterwards', async () => {
    await using term = await terminal({ columns: 120, rows: 30, env: { XDG_STATE_HOME: state } });
    await term.line(watched(`node bin/gwfleet.js apply ${lab.inventory} -p ${playbook()} --yes`, term));
    const { code } = await term.ended();
    const all = (await term.all()).join('\n');
    expect(all).toContain(`${counts}, `);
    for (const [host, result] of expected) expect(all).toMatch(new RegExp(`${host} +${result}`));
    expect(code).toBe(exit);

    const list = await gwfleet('runs', '--json');
    const [newest] = (JSON.parse(list.stdout) as { runs: { run: string; exit: number; result: string }[] })
      .runs;
    expect(newest).toMatchObject({ exit, result: '1 ok, 2 changed, 1 unreachable, 1 rolled-back' });
    const run = newest?.run ?? '';
    expect((await gwfleet('runs', 'show', run)).stdout).toContain(`${counts}, `);
    await gwfleet('report', run, '-o', join(lab.folder, 'report.html'));
    expect(readFileSync(join(lab.folder, 'report.html'), 'utf8')).toContain(counts);
  });
});
