/** When a gateway dies: `failover` by a person's word, `watch` all the time. */
import { InvalidArgumentError } from 'commander';
import { connectionFlags, playbookFlags, progressOption, runFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerFailover({ root, output, done }: VerbGround): void {
  const verb = root
    .command('failover')
    .description('the webservers of a dead gateway go elsewhere, now and all at once')
    .argument('<inventory>')
    .argument('<gateway>')
    .option('--force', 'also when it still answers, or nobody knows')
    .option('--no-twin', 'to other gateways, though it has a twin: live connections are lost')
    .addHelpText(
      'after',
      `
A gateway with a twin (twin: and spread: hash in the inventory) hands over its
addresses, and live connections go on; without one its webservers go to the
other gateways, and what they have is lost.
Example: gwfleet failover inventories/prod.yaml gw1 --yes`,
    )
    .action(async (path: string, name: string, flags: object) =>
      done((await import('../gateway/failover.ts')).failover(path, name, flags, output)),
    );
  for (const add of [playbookFlags, connectionFlags, runFlags]) add(verb);
  registerWatch({ root, output, done });
}

function registerWatch({ root, output, done }: VerbGround): void {
  const verb = root
    .command('watch')
    .description('probes through every gateway all the time; tells when one fails')
    .argument('<inventory>')
    .option('--failover', 'and moves its webservers elsewhere, for one gateway at a time')
    .option('--interval <seconds>', 'between two looks; 0.5 is the shortest', interval, 1)
    .option('--json', 'one JSON object a line for each thing that changes; as --progress jsonl')
    .addOption(progressOption())
    .addHelpText(
      'after',
      `
Up to three webservers look through each gateway, by their probes. Two looks in
a row that most of them miss are one decision; who reaches nothing through any
gateway has no vote. Never fails over a second gateway while one is down. On a
terminal it draws a screen, else it tells lines. Ctrl-C ends it (exit 0) and
leaves nothing on the webservers.
Example: gwfleet watch inventories/prod.yaml --failover`,
    )
    .action(async (path: string, flags: object) =>
      done((await import('../gateway/watch.ts')).watch(path, flags, output)),
    );
  playbookFlags(verb);
  connectionFlags(verb);
}

function interval(text: string): number {
  const value = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < 0.5 || value > 3600)
    throw new InvalidArgumentError('a number of seconds from 0.5 is needed, like 1 or 0.5');
  return value;
}
