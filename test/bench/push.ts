/**
 * `npm run bench:push`: the same job on the same fleet by gwfleet and by what people would use instead, one after the
 * other in each round, each verified by what the kernels hold and by packets. Prints Markdown with medians and ratios to
 * the floor of the same round; `--chart FILE` draws the largest fleet. What is going on goes to standard error.
 * Needs ansible-core, ansible-mitogen, pssh and python3 of Debian.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Contender, contenders, type Phase } from './push/contenders.ts';
import { type Cost, type Ground, openGround } from './push/ground.ts';
import { chart, markdown, type Row, type Summary, summaries } from './push/table.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '4,16,50,100' },
    rtt: { type: 'string', default: '0,50' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    chart: { type: 'string' },
  },
});
const numbers = (text: string): readonly number[] => text.split(',').map(Number);

for (const tool of ['ansible-playbook', 'parallel-ssh', 'python3', 'tc'])
  if (spawnSync('which', [tool]).status !== 0) {
    process.stderr.write(
      `${tool} is missing: apt-get install ansible-core ansible-mitogen pssh python3 iproute2\n`,
    );
    process.exit(5);
  }

let last: { readonly title: string; readonly all: readonly Summary[] } | undefined;
for (const rtt of numbers(values.rtt))
  for (const hosts of numbers(values.hosts)) {
    const title = `${hosts} hosts, ${rtt === 0 ? 'no distance' : `${rtt} ms round trip`}; ${cpus().length} cores, medians of ${values.rounds} rounds`;
    const all = summaries(await measure(hosts, rtt));
    process.stdout.write(markdown(title, all));
    if (last === undefined || rtt === 0)
      last = { title: `Wall time beside parallel-ssh true: ${title}`, all };
  }
if (values.chart !== undefined && last !== undefined)
  writeFileSync(values.chart, chart(last.title, last.all));

async function measure(hosts: number, rtt: number): Promise<readonly Row[]> {
  await using ground = await openGround(`bench${process.pid}`, hosts, rtt);
  if (ground.distance !== undefined) process.stderr.write(`${hosts} hosts, ${ground.distance.by}\n`);
  const rows = new Map<string, { name: string; phase: Phase; costs: Cost[] }>();
  const asked = contenders(ground).filter(
    ({ name, phases }) => phases.includes('alone') || name.toLowerCase().includes(values.only.toLowerCase()),
  );
  for (let round = 1; round <= Number(values.rounds); round += 1)
    for (const contender of asked)
      for (const phase of contender.phases) {
        const cost = await once(ground, contender, phase);
        process.stderr.write(
          `${hosts} hosts, ${rtt} ms, round ${round}: ${contender.name} ${phase} ${cost.wall.toFixed(2)} s\n`,
        );
        const key = `${contender.name} ${phase}`;
        const row = rows.get(key) ?? { name: contender.name, phase, costs: [] };
        row.costs.push(cost);
        rows.set(key, row);
      }
  return [...rows.values()];
}

/** A fleet is bare before a check and before a fresh run, unless the check has left it so. */
async function once(ground: Ground, { phases, argv, env }: Contender, phase: Phase): Promise<Cost> {
  if (phase === 'check' || (phase === 'fresh' && !phases.includes('check'))) await ground.bare();
  const cost = await ground.cost(argv(phase), env);
  if (phase === 'fresh' || phase === 'no-op') await ground.verify();
  return cost;
}
