/** `gateway add|drain|remove`: what they take. */
import { rollingFlags } from '../gateway/rolling.ts';
import type { VerbGround } from './verb.ts';

export function registerGateway({ root, output, done }: VerbGround): void {
  const group = root
    .command('gateway')
    .description('rolling change of the set of gateways: add, drain, remove');
  const add = group
    .command('add')
    .description('configure a gateway, prove it end to end, then move webservers to it')
    .argument('<inventory>')
    .argument('<gateway>', 'stands in the inventory as standby, or is new: then with --address and --pool')
    .option('--address <address>', 'of a new gateway: how it is reached, and the next hop of webservers')
    .option('--pool <pool>', 'of a new gateway: 203.0.113.30-203.0.113.35, a CIDR, or several with commas')
    .option('--no-probe', 'do not prove it through a webserver')
    .addHelpText(
      'after',
      '\nExample: gwfleet gateway add inventories/prod.yaml gw3 --canary 1 --serial 25% --soak 1m',
    )
    .action(async (path: string, name: string, flags: object) =>
      done((await import('../gateway/add.ts')).gatewayAdd(path, name, flags, output)),
    );
  rollingFlags(add);
}
