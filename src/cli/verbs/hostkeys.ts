/** `hostkeys scan` and `hostkeys check`: what they take. */
import { collect, connectionFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerHostKeys({ root, output, done }: VerbGround): void {
  const hostkeys = root
    .command('hostkeys')
    .description('the host keys of a fleet: look at them, compare, write them down')
    .addHelpText('after', '\nExample: gwfleet hostkeys scan inventories/prod.yaml');
  const scan = hostkeys
    .command('scan')
    .description('fetch the keys of all hosts; write the unknown ones after a question')
    .option('-y, --yes', 'write without asking: compare the fingerprints first')
    .addHelpText('after', '\nExample: gwfleet hostkeys scan inventories/prod.yaml --limit gateways')
    .action(async (path: string, flags: object) =>
      done((await import('../hostkeys.ts')).scan(path, flags, output)),
    );
  const check = hostkeys
    .command('check')
    .description('which host keys are known, unknown, changed or revoked; writes nothing')
    .addHelpText('after', '\nExample: gwfleet hostkeys check inventories/prod.yaml --json')
    .action(async (path: string, flags: object) =>
      done((await import('../hostkeys.ts')).check(path, flags, output)),
    );
  for (const verb of [scan, check]) {
    verb
      .argument('<inventory>')
      .option('-l, --limit <pattern>', 'only these hosts')
      .option('-e, --extra-vars <vars>', 'key=value, JSON, or @file; may be repeated', collect, [])
      .option('--json', 'one JSON object on stdout');
    connectionFlags(verb);
  }
}
