/**
 * argv -> one verb -> exit code. Verbs are imported when they are called, so that `--help` and `validate` stay quick.
 * Everything that can go wrong ends here in words; a stack trace is only for our own bugs (exit 1).
 */
import { Command } from 'commander';
import { tellFailure } from './failure.ts';
import { collect, connectionFlags, playbookFlags, runFlags, selectionFlags, spelledOut } from './flags.ts';
import { openOutput } from './output.ts';

const output = openOutput();

function program(): Command {
  const root = new Command('gwfleet')
    .description('plan, guarded apply and rolling changes for fleets of Linux NAT gateways')
    .version('0.1.0')
    .showHelpAfterError('(gwfleet --help shows the verbs)')
    .configureOutput({ writeOut: (text) => output.result(text), writeErr: (text) => output.tell(text) })
    .exitOverride();
  root
    .command('apply')
    .description('plan, ask, roll out, confirm; takes an inventory or a saved plan')
    .argument('<inventory|plan-file>')
    .addHelpText('after', '\nExample: gwfleet apply inventories/prod.yaml --limit gw1 --diff')
    .action(async (path: string, flags: object) =>
      done((await import('./apply.ts')).apply(path, flags, output)),
    );
  root
    .command('plan')
    .description('dry run: what apply would change, with diffs')
    .argument('<inventory>')
    .option('-o, --out <file>', 'save the plan, for `gwfleet apply <plan-file>`')
    .option('--exit-code', 'exit 2 when there are changes')
    .addHelpText('after', '\nExample: gwfleet plan inventories/prod.yaml -o change.plan')
    .action(async (path: string, flags: object) =>
      done((await import('./apply.ts')).plan(path, flags, output)),
    );
  for (const verb of root.commands)
    for (const add of [playbookFlags, selectionFlags, connectionFlags, runFlags]) add(verb);
  addOfflineVerbs(root);
  return root;
}

function addOfflineVerbs(root: Command): void {
  const validate = root
    .command('validate')
    .description('read inventory and playbook, tell every mistake; opens no connection')
    .argument('<inventory>')
    .option('--json', 'the diagnostics as one JSON object')
    .action(async (path: string, flags: object) =>
      done((await import('./validate.ts')).validate(path, flags, output)),
    );
  playbookFlags(validate);
  selectionFlags(validate);
  root
    .command('inventory')
    .description('the inventory as read: the same JSON as ansible-inventory')
    .argument('<inventory>')
    .option('--list', 'all groups and variables')
    .option('--graph', 'the groups as a tree')
    .option('--host <name>', 'the variables of one host')
    .option('-e, --extra-vars <vars>', 'key=value, JSON, or @file', collect, [])
    .action(async (path: string, flags: object) =>
      done((await import('./inventory.ts')).inventory(path, flags, output)),
    );
  root
    .command('docs')
    .description('the manual of the task types')
    .argument('[task-type]')
    .action(async (name: string | undefined) => done((await import('./docs.ts')).docs(name, output)));
  root
    .command('schema')
    .description('JSON Schema for editors and checkers')
    .argument('<inventory|playbook|events>')
    .action(async (name: string) => done((await import('./schema.ts')).schema(name, output)));
}

async function done(exit: Promise<number>): Promise<void> {
  process.exitCode = await exit;
}

const failed = (error: unknown): void => {
  process.exitCode = tellFailure(error, output, process.argv.includes('--json') ? 'json' : 'words');
};
process.on('uncaughtException', failed);

try {
  const root = program();
  if (process.argv[2] === 'lab') (await import('./lab.ts')).registerLab(root);
  else labStub(root);
  await root.parseAsync(spelledOut(process.argv));
} catch (error) {
  failed(error);
}

/** Shown in `--help`; the real one is loaded when `lab` is typed. */
function labStub(root: Command): void {
  root.command('lab').description('a fleet on this machine: up, down, status, exec');
}
