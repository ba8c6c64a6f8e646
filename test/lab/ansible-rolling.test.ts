/**
 * The rolling keywords that gwfleet shares with Ansible mean the same: ansible-playbook rolls over eight hosts of which
 * some fail and some are out of reach, and the hosts that it reached are those that our batches and stop rules reach.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { batchesOf, rulesOf } from '../../src/playbook/batch.ts';
import type { HostResult } from '../../src/report/event.ts';
import { stopReason } from '../../src/run/stop-rules.ts';
import { readText } from '../playbook/reading.ts';

const hosts = Array.from({ length: 8 }, (_, i) => `h${i}`);
const folder = mkdtempSync(join(tmpdir(), 'gwfleet-rolling-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Case = readonly [keywords: string, failing: readonly number[], away: readonly number[]];

const cases: readonly Case[] = [
  ['serial: [1, 3, "50%"]', [2], []],
  ['serial: 2', [2, 3], []],
  ['serial: 4; max_fail_percentage: 50', [0, 1], []],
  ['serial: 4; max_fail_percentage: 49', [0, 1], []],
  ['serial: 4; max_fail_percentage: "25%"', [0, 4, 5], []],
  ['serial: 4; max_fail_percentage: 24.9', [1], []],
  ['serial: 2; max_fail_percentage: 100', [2, 3], []],
  ['serial: 4; max_fail_percentage: 0', [], [0, 1]],
  ['serial: 2; max_fail_percentage: 100', [], [2, 3]],
  ['serial: "25%"; any_errors_fatal: true', [3], []],
  ['serial: ["10%", 3, "100%"]', [1], []],
  ['serial: ["5%", "40%"]', [1, 2, 3], []],
  ['serial: 3; max_fail_percentage: 33', [0], []],
  ['serial: 3; max_fail_percentage: 34', [0, 4], []],
  ['serial: [2, "40%"]; max_fail_percentage: 60', [1, 2, 3], []],
  ['serial: 3; max_fail_percentage: 0', [4], []],
  ['max_fail_percentage: 20', [0, 1], []],
  ['serial: 4; any_errors_fatal: false', [0, 1, 2], []],
  ['serial: 1; any_errors_fatal: true; max_fail_percentage: 100', [2], []],
  ['serial: 3', [0, 1], [2]],
];

describe.each(cases)('%s with %j failing and %j away', (keywords, failing, away) => {
  it('reaches the hosts that Ansible reaches', async () => {
    expect(ours(keywords, failing, away)).toEqual(await ansible(keywords, failing, away));
  });
});

/**
 * Ansible 2.14 counts a host that is out of reach twice in these (as failed and as unreachable), finds that the count is
 * not the size of the batch, and rolls on. Its manual says that it stops; so do we.
 */
it.each([
  ['serial: 4; any_errors_fatal: true', [], [1], ['h0', 'h2', 'h3']],
  ['serial: 3; max_fail_percentage: 30', [1], [2], ['h0', 'h1']],
] as const)('%s stops with %j failing and %j away', (keywords, failing, away, reached) => {
  expect(ours(keywords, failing, away)).toEqual(reached);
});

/** Hosts that are begun by our batches and stop rules; those out of reach are not reached. */
function ours(keywords: string, failing: readonly number[], away: readonly number[]): readonly string[] {
  const { playbook, diagnostics } = readText(
    `- { hosts: all, tasks: [], ${keywords.replaceAll('; ', ', ')} }`,
  );
  const play = playbook?.plays[0];
  if (play === undefined || diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  const run: HostResult[] = [];
  const reached: string[] = [];
  for (const names of batchesOf(hosts, play)) {
    const batch = names.map((name): HostResult => {
      const index = hosts.indexOf(name);
      if (away.includes(index)) return 'unreachable';
      return failing.includes(index) ? 'failed' : 'changed';
    });
    reached.push(...names.filter((_, i) => batch[i] !== 'unreachable'));
    run.push(...batch);
    const begun = batch.filter((result) => result !== 'unreachable');
    if (stopReason(rulesOf(play, hosts.length), { batch, begun, run }) !== undefined) break;
  }
  return reached;
}

let count = 0;

/** Hosts on which ansible-playbook has run the task. A port that nobody listens on is out of reach at once. */
async function ansible(
  keywords: string,
  failing: readonly number[],
  away: readonly number[],
): Promise<readonly string[]> {
  count += 1;
  const own = join(folder, String(count));
  const far = 'ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1, ansible_ssh_retries: 0';
  const lines = hosts.map(
    (name, i) => `    ${name}: { ${away.includes(i) ? far : 'ansible_connection: local'} }`,
  );
  const broken = failing.map((i) => hosts[i]).join(' ');
  writeFileSync(`${own}.inventory.yaml`, `all:\n  hosts:\n${lines.join('\n')}\n`);
  writeFileSync(
    `${own}.yaml`,
    `- hosts: all
  gather_facts: false
  ${keywords.replaceAll('; ', '\n  ')}
  tasks:
    - raw: "mkdir -p ${own}.reached/{{ inventory_hostname }}; case ' ${broken} ' in *' {{ inventory_hostname }} '*) exit 1 ;; esac"
`,
  );
  const words = ['-i', `${own}.inventory.yaml`, `${own}.yaml`];
  const env = { ...process.env, ANSIBLE_FORKS: '4', ANSIBLE_RETRY_FILES_ENABLED: 'False', HOME: folder };
  await new Promise<void>((resolve, reject) => {
    execFile('ansible-playbook', words, { env }, (error, stdout, stderr) => {
      if (stdout.includes('PLAY RECAP')) resolve();
      else reject(new Error(`${error?.message ?? ''}${stdout}${stderr}`));
    });
  });
  return readdirSync(`${own}.reached`).toSorted();
}
