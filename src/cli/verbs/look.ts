/** The verbs that only look: `status` at the hosts, `capacity` at the arithmetic behind the inventory. */
import { InvalidArgumentError } from 'commander';
import { collect } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerLook({ root, output, done }: VerbGround): void {
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
    .addHelpText(
      'after',
      '\nExample: gwfleet capacity inventories/prod.yaml --webservers 40 --connections 8000',
    )
    .action(async (path: string, flags: object) =>
      done((await import('../capacity.ts')).capacity(path, flags, output)),
    );
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
