/** `failover`: what it takes. */
import { connectionFlags, playbookFlags, runFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerFailover({ root, output, done }: VerbGround): void {
  const verb = root
    .command('failover')
    .description('the webservers of a dead gateway go elsewhere, now and all at once')
    .argument('<inventory>')
    .argument('<gateway>')
    .option('--force', 'also when it still answers, or nobody knows')
    .addHelpText('after', '\nExample: gwfleet failover inventories/prod.yaml gw1 --yes')
    .action(async (path: string, name: string, flags: object) =>
      done((await import('../gateway/failover.ts')).failover(path, name, flags, output)),
    );
  for (const add of [playbookFlags, connectionFlags, runFlags]) add(verb);
}
