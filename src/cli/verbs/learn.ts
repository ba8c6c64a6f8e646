/** The verbs for a beginning and for fingers: `init`, `completion`, `report`. */
import type { VerbGround } from './verb.ts';

export function registerLearn({ root, output, done }: VerbGround): void {
  root
    .command('init')
    .description('write a commented inventory and playbook to begin with')
    .argument('[folder]', 'where (default: here)')
    .addHelpText('after', '\nExample: gwfleet init my-fleet')
    .action(async (folder: string | undefined) =>
      done((await import('../init.ts')).init(folder ?? '.', output)),
    );
  root
    .command('report')
    .description('a run as one page for a browser or the printer; needs no network')
    .argument('<run-id>', 'its id, or the beginning of it')
    .requiredOption('-o, --out <file>', 'the HTML file')
    .addHelpText('after', '\nExample: gwfleet report 20261122-2140 -o report.html')
    .action(async (word: string, { out }: { readonly out: string }) =>
      done((await import('../report-page.ts')).reportPage(word, out, output)),
    );
  root
    .command('completion')
    .description('completion of verbs, flags, hosts and groups for a shell')
    .argument('<bash|zsh|fish>')
    .addHelpText('after', '\nExample: source <(gwfleet completion bash)')
    .action(async (shell: string) => done((await import('../completion.ts')).completion(shell, output)));
  root
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: readonly string[]) =>
      done((await import('../completion.ts')).complete(root, words, output)),
    );
}
