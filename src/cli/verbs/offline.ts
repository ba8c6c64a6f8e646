/** The verbs that open no connection: `validate`, `inventory`, `docs`, `schema`. */
import { collect, playbookFlags, selectionFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerOffline({ root, output, done }: VerbGround): void {
  const validate = root
    .command('validate')
    .description('read inventory and playbook, tell every mistake; opens no connection')
    .argument('<inventory>')
    .option('--json', 'the diagnostics as one JSON object')
    .action(async (path: string, flags: object) =>
      done((await import('../validate.ts')).validate(path, flags, output)),
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
      done((await import('../inventory.ts')).inventory(path, flags, output)),
    );
  root
    .command('docs')
    .description('the manual of the task types')
    .argument('[task-type]')
    .action(async (name: string | undefined) => done((await import('../docs.ts')).docs(name, output)));
  root
    .command('schema')
    .description('JSON Schema for editors and checkers')
    .argument('<inventory|playbook|events>')
    .action(async (name: string) => done((await import('../schema.ts')).schema(name, output)));
}
