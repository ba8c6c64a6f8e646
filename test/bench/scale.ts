/**
 * `npm run bench:scale`: gwfleet against a farm of SSH servers on the loopback network (scale/farm.ts says what of them
 * is real), plans without hosts, from a thousand hosts to a hundred thousand, and the interface over thousands of hosts:
 * what a host costs must not grow with the fleet. Prints Markdown; `--chart FILE` draws the curves. Needs root (a lab of
 * two hosts gives the answers), python3, tmux, and parallel-ssh for the floor. All of it takes a quarter of an hour; a
 * part is left out by an empty list of sizes, as in `--hosts '' --decide ''`.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chart, type Panel } from './scale/chart.ts';
import { decide } from './scale/decide.ts';
import { runFarm } from './scale/farm.ts';
import { decideRuns, type FarmCost, farmRuns } from './scale/farm-run.ts';
import { type InterfaceCost, interfaceRun } from './scale/interface.ts';
import { type OfflineCost, offlineRuns } from './scale/offline.ts';
import { panelsOf } from './scale/panels.ts';
import { farmTable, interfaceTable, offlineTable } from './scale/table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hosts: { type: 'string', default: '100,250,500,1000,2500,5000' },
    floor: { type: 'string', default: '100,1000' },
    offline: { type: 'string', default: '1000,10000,30000,100000' },
    decide: { type: 'string', default: '1000,10000,30000,100000' },
    interface: { type: 'string', default: '100,400,1000,5000' },
    'per-gateway': { type: 'string', default: '10' },
    chart: { type: 'string' },
    farm: { type: 'boolean', default: false },
    decision: { type: 'boolean', default: false },
  },
});
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
  const cores = `${cpus().length} cores, shared with the farm`;
  if (farm.length > 0)
    say(`Against a farm of SSH servers (one connection and one exec a host; ${cores}):`, farmTable(farm));
  const perGateway = Number(values['per-gateway']);
  const offline: OfflineCost[] = numbers(values.offline).flatMap((hosts) => offlineRuns(hosts, perGateway));
  for (const hosts of numbers(values.decide)) offline.push(...(await decideRuns(hosts)));
  if (offline.length > 0)
    say(`Without hosts, a gateway for ${perGateway} webservers:`, offlineTable(offline));
  const drawn: InterfaceCost[] = [];
  for (const hosts of numbers(values.interface)) drawn.push(await interfaceRun(hosts));
  if (drawn.length > 0)
    say('The interface in a terminal of 24 x 80, hosts coming and going:', interfaceTable(drawn));
  if (values.chart !== undefined) draw(values.chart, panelsOf({ farm, offline }));
}

function draw(file: string, panels: readonly Panel[]): void {
  if (panels.length > 0) writeFileSync(file, chart(panels));
}

function say(title: string, table: string): void {
  process.stdout.write(`\n${title}\n\n${table}`);
}
