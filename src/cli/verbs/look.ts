/** The verbs that only look: `status` at the hosts, `capacity` at the arithmetic behind the inventory. */
import { InvalidArgumentError } from 'commander';
import { collect, connectionFlags, playbookFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerLook({ root, output, done }: VerbGround): void {
  const status = root
    .command('status')
    .description('how full the fleet is: pools, conntrack, drains, drift; reads only')
    .argument('<inventory>')
    .option('-l, --limit <pattern>', 'names, groups, globs, :& :! ~regex @file')
    .option('--watch [seconds]', 'again and again, until Ctrl-C (default: every 5 s)', seconds)
    .option('--json', 'one JSON object')
    .option('--prometheus', "metrics in Prometheus' text format")
    .option('-o, --out <file>', 'write the metrics there: a textfile of node_exporter')
    .option('--exit-code', 'exit 2 when there is something to act on')
    .addHelpText(
      'after',
      `
A fill of 70 % warns, 80 % is full: 64,512 ports an address to one destination.
Exit: 0 looked at all hosts; 2 a host failed; 4 only unreachable ones.
Example: gwfleet status inventories/prod.yaml --watch
         gwfleet status prod.yaml --prometheus -o /var/lib/node_exporter/gw.prom`,
    )
    .action(async (path: string, flags: object) =>
      done((await import('../status.ts')).status(path, flags, output)),
    );
  playbookFlags(status);
  connectionFlags(status);
  root
    .command('capacity')
    .description('what the fleet can carry, and what is missing; opens no connection')
    .argument('<inventory>')
    .option('--webservers <n>', 'ask: so many webservers (default: those of the inventory)', count)
    .option('--connections <m>', 'ask: so many connections of each at once, to one destination', count)
    .option('--rate <r>', 'ask: so many new ones of each a second', count)
    .option('--addresses <n>', 'ask: on gateways with so many addresses each', atLeastOne)
    .option('--memory <size>', 'memory of each gateway, like 4G: whether its table has room', size)
    .option('-e, --extra-vars <vars>', 'key=value, JSON, or @file; may be repeated', collect, [])
    .option('--json', 'the answer as one JSON object')
    .addHelpText('after', '\nExample: gwfleet capacity prod.yaml --webservers 40 --connections 8000')
    .action(async (path: string, flags: object) =>
      done((await import('../capacity.ts')).capacity(path, flags, output)),
    );
}

function seconds(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('a number of seconds from 1 is needed');
  return Number(text);
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed, like 8000');
  return Number(text);
}

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('a number from 1 is needed');
  return Number(text);
}

/** `4G`, `512M`, `16GiB`; powers of 1024, as memory is counted. */
function size(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)([MGT])(?:i?B)?$/i.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('a size is needed, like 4G or 512M');
  return Number(digits) * 1024 ** ('MGT'.indexOf(unit.toUpperCase()) + 2);
}
