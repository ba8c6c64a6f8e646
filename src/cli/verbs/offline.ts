/** The verbs that open no connection: `validate`, `inventory`, `docs`, `schema`. */

import type { DocsFlags } from '../docs.ts';
import { collect, playbookFlags, selectionFlags } from '../flags.ts';
import type { VerbGround } from './verb.ts';

export function registerOffline({ root, output, done }: VerbGround): void {
  const validate = root
    .command('validate')
    .description('every mistake in inventory and playbook; opens no connection')
    .argument('<inventory>')
    .option('--json', 'the diagnostics as one JSON object')
    .addHelpText('after', '\nExample: gwfleet validate inventories/prod.yaml -p site.yaml')
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
    .addHelpText('after', '\nExample: gwfleet inventory inventories/prod.yaml --graph')
    .option('-e, --extra-vars <vars>', 'key=value, JSON, or @file', collect, [])
    .action(async (path: string, flags: object) =>
      done((await import('../inventory.ts')).inventory(path, flags, output)),
    );
  root
    .command('docs')
    .description('the manual of the task types')
    .argument('[task-type]')
    .option('--markdown', 'as Markdown; all pages when no task type is named')
    .addHelpText('after', '\nExample: gwfleet docs ruleset')
    .action(async (name: string | undefined, flags: DocsFlags) =>
      done((await import('../docs.ts')).docs(name, flags, output)),
    );
  root
    .command('schema')
    .description('JSON Schema for editors and checkers')
    .argument('<inventory|playbook|events>')
    .addHelpText('after', '\nExample: gwfleet schema playbook > playbook.schema.json')
    .action(async (name: string) => done((await import('../schema.ts')).schema(name, output)));
}
