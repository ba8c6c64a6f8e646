/** `gateway add|drain|remove`: what they take. */
import { drainFlags, rollingFlags } from '../gateway/rolling.ts';
import type { VerbGround } from './verb.ts';

export function registerGateway({ root, output, done }: VerbGround): void {
  const group = root
    .command('gateway')
    .description('rolling change of the set of gateways: add, drain, remove')
    .addHelpText('after', '\nExample: gwfleet gateway drain prod.yaml gw2 --deadline 2h');
  const add = group
    .command('add')
    .description('configure a gateway, prove it end to end, then move webservers to it')
    .argument('<inventory>')
    .argument('<gateway>', 'a standby, or a new one: with --address and --pool')
    .option('--address <address>', 'of a new one: its way in, and next hop of webservers')
    .option('--pool <pool>', 'of a new one: a range, a CIDR, or several with commas')
    .option('--no-probe', 'do not prove it through a webserver')
    .addHelpText('after', '\nExample: gwfleet gateway add prod.yaml gw3 --canary 1 --serial 25% --soak 1m')
    .action(async (path: string, name: string, flags: object) =>
      done((await import('../gateway/add.ts')).gatewayAdd(path, name, flags, output)),
    );
  drainFlags(rollingFlags(add));
  const drain = group
    .command('drain')
    .description('nobody new leaves through it, live connections end in peace, then it stands by')
    .argument('<inventory>')
    .argument('<gateway>')
    .addHelpText('after', '\nExample: gwfleet gateway drain inventories/prod.yaml gw2 --deadline 2h')
    .action(async (path: string, name: string, flags: object) =>
      done((await import('../gateway/drain.ts')).gatewayDrain(path, name, flags, output)),
    );
  const remove = group
    .command('remove')
    .description('drain it, take our rules and addresses off it, take it out of the inventory')
    .argument('<inventory>')
    .argument('<gateway>')
    .option('--gone', 'the machine is no more: nothing is asked of it')
    .option('--last-gateway', 'also when nobody is left to leave through')
    .addHelpText('after', '\nExample: gwfleet gateway remove prod.yaml gw2 --deadline 2h --then cut')
    .action(async (path: string, name: string, flags: object) =>
      done((await import('../gateway/remove.ts')).gatewayRemove(path, name, flags, output)),
    );
  // biome-ignore lint/suspicious/noThenProperty: the users' word
  for (const verb of [drain, remove]) drainFlags(rollingFlags(verb), { deadline: 600, then: 'leave' });
}
