/** `apply` and `plan`: what they take. */
import { connectionFlags, playbookFlags, runFlags, selectionFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerApply({ root, output, done }: VerbGround): void {
  const apply = root
    .command('apply')
    .description('plan, ask, roll out, confirm; takes an inventory or a saved plan')
    .argument('<inventory|plan-file>')
    .addHelpText('after', '\nExample: gwfleet apply inventories/prod.yaml --limit gw1 --diff')
    .action(async (path: string, flags: object) =>
      done((await import('../apply.ts')).apply(path, flags, output)),
    );
  const plan = root
    .command('plan')
    .description('dry run: what apply would change, with diffs')
    .argument('<inventory>')
    .option('-o, --out <file>', 'save the plan, for `gwfleet apply <plan-file>`')
    .option('--exit-code', 'exit 2 when there are changes')
    .addHelpText('after', '\nExample: gwfleet plan inventories/prod.yaml -o change.plan')
    .action(async (path: string, flags: object) =>
      done((await import('../apply.ts')).plan(path, flags, output)),
    );
  for (const verb of [apply, plan])
    for (const add of [playbookFlags, selectionFlags, connectionFlags, runFlags]) add(verb);
}
