/**
 * What start-up costs beside a bare `node -e 0`, for every verb that draws no interface and opens no connection:
 * processor time (user and system) and wall, medians of paired rounds. `-- DIR` measures another checkout's bin/ and
 * dist/ in the same rounds. What a reader gets wrong: walls on a busy machine say little; the ratio of CPU is the bar.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeJournal } from '../render/journal.ts';
import { recording } from '../render/recording.ts';

const rounds = Number(process.env['ROUNDS'] ?? 15);
const inventory = resolve('inventories/lab.yaml');
const home = mkdtempSync(join(tmpdir(), 'gwfleet-startup-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
/** A run of four hosts, for the verbs that look at runs. */
const run = writeJournal(home, recording({ gateways: 2, webservers: 2 }));
const verbs: readonly (readonly string[])[] = [
  ['--help'],
  ['validate', inventory],
  ['capacity', inventory],
  ['inventory', inventory, '--list'],
  ['docs', 'ruleset'],
  ['schema', 'playbook'],
  ['completion', 'bash'],
  ['complete', '--', 'apply', inventory, '-l', 'web'],
  ['runs'],
  ['report', run, '-o', join(home, 'report.html')],
  ['init', join(home, 'fleet')],
];

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

interface Measured {
  readonly name: string;
  readonly argv: readonly string[];
  readonly costs: Cost[];
}

/** bash tells in `times` what its children used, to the millisecond; its fourth and third numbers are theirs. */
function once(argv: readonly string[]): Cost {
  rmSync(join(home, 'fleet'), { recursive: true, force: true });
  const script = '"$@" >/dev/null || exit 1; times';
  const began = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, '-', ...argv], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', XDG_STATE_HOME: home },
  });
  const wallMs = Number(process.hrtime.bigint() - began) / 1e6;
  if (status !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr}`);
  const times = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, m, s]) => (Number(m) * 60 + Number(s)) * 1000,
  );
  return { cpuMs: (times[2] ?? 0) + (times[3] ?? 0), wallMs };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function measured(name: string, argv: readonly string[]): Measured {
  return { name, argv: [process.execPath, ...argv], costs: [] };
}

const folders = [resolve('.'), ...process.argv.slice(2).map((folder) => resolve(folder))];
const bare = measured('node -e 0', ['-e', '0']);
const all = [
  bare,
  ...verbs.flatMap((words) =>
    folders.map((folder, index) =>
      measured(`${index === 0 ? '' : `${folder}: `}${words[0] ?? ''}`, [
        join(folder, 'bin/gwfleet.js'),
        ...words,
      ]),
    ),
  ),
];
for (let round = 0; round < rounds; round += 1) for (const one of all) one.costs.push(once(one.argv));

const floor = {
  cpu: median(bare.costs.map(({ cpuMs }) => cpuMs)),
  wall: median(bare.costs.map(({ wallMs }) => wallMs)),
};
console.log(`| verb | CPU ms | x node | wall ms | x node |\n|---|---|---|---|---|`);
for (const { name, costs } of all) {
  const cpu = median(costs.map(({ cpuMs }) => cpuMs));
  const wall = median(costs.map(({ wallMs }) => wallMs));
  const cells = [
    cpu.toFixed(0),
    (cpu / floor.cpu).toFixed(2),
    wall.toFixed(0),
    (wall / floor.wall).toFixed(2),
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
console.log(`\nmedians of ${rounds} paired rounds, Node ${process.version}`);
