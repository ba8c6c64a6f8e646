/**
 * `npm run bench:push`: the same job on the same fleet by gwfleet and by what people would use instead, one after the
 * other in each round, each verified by what the kernels hold and by packets, with and without distance. Prints Markdown
 * with medians and spreads of ratios within a round, and whether the bars hold; `--chart FILE` draws the largest fleet.
 * `--save FILE` keeps the raw figures, `--from FILE,FILE` tells of them without measuring. What is going on goes to
 * standard error. Needs ansible-core, ansible-mitogen, pssh and python3 of Debian.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { barTables } from './push/bars.ts';
import { chart } from './push/chart.ts';
import { type Contender, contenders, floor, type Phase, sameForAll } from './push/contenders.ts';
import { type Figures, loadFigures, type Measurement, saveFigures } from './push/figures.ts';
import { type Cost, type Ground, openGround } from './push/ground.ts';
import { fullTable, shortTable } from './push/table.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '4,16,50,100' },
    rtt: { type: 'string', default: '0,50' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    chart: { type: 'string' },
    save: { type: 'string' },
    from: { type: 'string' },
  },
});
const numbers = (text: string): readonly number[] => text.split(',').map(Number);

const figures = values.from === undefined ? await measureAll() : loadFigures(values.from.split(','));
tell(figures);
if (values.save !== undefined) saveFigures(values.save, figures);
if (values.chart !== undefined) writeFileSync(values.chart, chart(figures));

function tell({ commands, measurements }: Figures): void {
  const tables = measurements.map(fullTable).join('');
  process.stdout.write(
    `${sameForAll}\n${tables}${shortTable(measurements)}${barTables(measurements)}\nMade by ${commands.map((line) => `\`${line}\``).join(', ')}\n`,
  );
}

async function measureAll(): Promise<Figures> {
  for (const tool of ['ansible-playbook', 'parallel-ssh', 'python3', 'tc', 'ping'])
    if (spawnSync('which', [tool]).status !== 0) {
      process.stderr.write(
        `${tool} is missing: apt-get install ansible-core ansible-mitogen pssh python3 iproute2 iputils-ping\n`,
      );
      process.exit(5);
    }
  const commands = [`npm run bench:push -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '')];
  const measurements: Measurement[] = [];
  for (const rtt of numbers(values.rtt))
    for (const hosts of numbers(values.hosts)) {
      measurements.push(await measure(hosts, rtt));
      // A later size that fails takes nothing of these with it.
      if (values.save !== undefined) saveFigures(values.save, { commands, measurements });
    }
  return { commands, measurements };
}

async function measure(hosts: number, rtt: number): Promise<Measurement> {
  await using ground = await openGround(`bench${process.pid}`, hosts, rtt);
  if (ground.distance !== undefined) process.stderr.write(`${hosts} hosts, ${ground.distance.by}\n`);
  const rows = new Map<string, { name: string; phase: Phase; costs: Cost[] }>();
  const asked = contenders(ground).filter(
    ({ name }) => name === floor || name.toLowerCase().includes(values.only.toLowerCase()),
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
  const { distance } = ground;
  const words = distance === undefined ? '' : `${distance.by}; ${await distance.report()}`;
  return { hosts, rtt, cores: cpus().length, distance: words, rows: [...rows.values()] };
}

/** A fleet is bare before a check and before a fresh run, unless the check has left it so. */
async function once(ground: Ground, { phases, argv, env }: Contender, phase: Phase): Promise<Cost> {
  if (phase === 'check' || (phase === 'fresh' && !phases.includes('check'))) await ground.bare();
  const cost = await ground.cost(argv(phase), env);
  if (phase === 'fresh' || phase === 'no-op') await ground.verify();
  return cost;
}
