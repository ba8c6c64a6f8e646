/**
 * `npm run bench:scale`: gwfleet against a farm of SSH servers on the loopback network (scale/farm.ts says what of them
 * is real), and planning without hosts, from a hundred hosts to a hundred thousand: what a host costs must not grow with
 * the fleet. Prints Markdown; `--chart FILE` draws the farm's curve. Needs root (a lab of two hosts gives the answers),
 * python3, and parallel-ssh for the floor.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { decide } from './scale/decide.ts';
import { runFarm } from './scale/farm.ts';
import { decideRuns, type FarmCost, farmRuns } from './scale/farm-run.ts';
import { type OfflineCost, offlineRuns } from './scale/offline.ts';
import { curve, farmTable, offlineTable } from './scale/table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hosts: { type: 'string', default: '100,250,500,1000,2500,5000' },
    floor: { type: 'string', default: '100,1000' },
    offline: { type: 'string', default: '1000,2500,5000,10000,25000,50000,100000' },
    decide: { type: 'string', default: '1000,10000,100000' },
    'per-gateway': { type: 'string', default: '10' },
    chart: { type: 'string' },
    farm: { type: 'boolean', default: false },
    decision: { type: 'boolean', default: false },
  },
});
const farmTitle = 'CPU of the controller for a host, in ms, over the size of the fleet';
const numbers = (text: string): readonly number[] =>
  text
    .split(',')
    .filter((one) => one !== '')
    .map(Number);

if (values.farm) runFarm();
else if (values.decision) await decide(positionals[0] ?? '', positionals[1] ?? '');
else await bench();

async function bench(): Promise<void> {
  const farm: FarmCost[] = [];
  for (const hosts of numbers(values.hosts)) {
    const floor = numbers(values.floor).includes(hosts) ? (['parallel-ssh true'] as const) : [];
    farm.push(...(await farmRuns(hosts, ['no-op', 'dry run with diff', ...floor])));
  }
  if (farm.length > 0) say(`${farmTitle}; ${cpus().length} cores shared with the farm`, farmTable(farm));
  const perGateway = Number(values['per-gateway']);
  const offline: OfflineCost[] = numbers(values.offline).flatMap((hosts) => offlineRuns(hosts, perGateway));
  for (const hosts of numbers(values.decide)) offline.push(...(await decideRuns(hosts)));
  if (offline.length > 0)
    say(`Without hosts, one gateway for ${perGateway} webservers`, offlineTable(offline));
  if (values.chart !== undefined) writeFileSync(values.chart, curve(farmTitle, farm));
}

function say(title: string, table: string): void {
  process.stdout.write(`\n${title}\n\n${table}`);
}
