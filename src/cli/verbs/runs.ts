/** `rollback`, and `runs` with what hangs on it: what they take. */
import { type Command, InvalidArgumentError } from 'commander';
import { didYouMean } from '../../source/did-you-mean.ts';
import { collect, connectionFlags, progressOption, runFlags } from '../flags.ts';
import type { ReplayFlags } from '../replay.ts';
import { UsageError } from '../usage.ts';
import type { VerbGround } from './verb.ts';

export function registerRuns({ root, output, done }: VerbGround): void {
  const rollback = root
    .command('rollback')
    .description('take the changes of a run back: plan, ask, guarded, verified')
    .argument('<inventory>')
    .argument(
      '[run-id]',
      'the run, or the beginning of its id (default: the last one that changed something)',
    )
    .option('-l, --limit <pattern>', 'only these hosts')
    .addHelpText('after', '\nExample: gwfleet rollback inventories/prod.yaml 20261122-2140')
    .action(async (path: string, word: string | undefined, flags: object) =>
      done((await import('../rollback.ts')).rollback(path, word, { given: flags, output })),
    );
  words(rollback);
  const runs = root
    .command('runs')
    .description('what was done, by whom; carry on where it stopped')
    .addHelpText('after', '\nExample: gwfleet runs -n 5')
    .allowExcessArguments()
    .action(async (flags: object, command: Command) => {
      refuseWord(command);
      return done((await import('../runs.ts')).listRuns(listFlags(flags), output));
    });
  listed(runs);
  listed(
    runs
      .command('show')
      .description('the story of a run: its plan, each host, what can be done now')
      .argument('<run-id>', 'its id, or the beginning of it')
      .option('-v, --verbose', 'everything that happened, with its time')
      .addHelpText('after', '\nExample: gwfleet runs show 20261122-2140')
      .action(async (word: string, _: object, command: Command) =>
        done((await import('../runs.ts')).showRun(word, listFlags(command.optsWithGlobals()), output)),
      ),
  );
  runs
    .command('replay')
    .description('the run once more in the interface, from its journal; opens no connection')
    .argument('<run-id>', 'its id, or the beginning of it')
    .option('--speed <factor>', 'how many times as fast', factor, 1)
    .addOption(progressOption())
    .addHelpText('after', '\nExample: gwfleet runs replay 20261122-2140 --speed 4')
    .action(async (word: string, flags: ReplayFlags) =>
      done((await import('../replay.ts')).replay(word, flags, output)),
    );
  words(
    runs
      .command('resume')
      .description('the same command again for the hosts that failed or were never reached')
      .argument('<run-id>', 'its id, or the beginning of it')
      .addHelpText('after', '\nExample: gwfleet runs resume 20261122-2140')
      .action(async (word: string, _: object, command: Command) =>
        done((await import('../resume.ts')).resume(word, typedFlags(command), output)),
      ),
  );
}

/** `runs` alone is a verb: commander takes a misspelt `show` for an argument too many. */
function refuseWord({ args: [word], commands }: Command): void {
  if (word === undefined) return;
  const verbs = commands.map((verb) => verb.name());
  throw new UsageError(
    `runs has no '${word}'`,
    didYouMean(word, verbs) ?? `runs ${verbs.join(', runs ')}; runs show RUN tells the story of one`,
  );
}

/** All flags, and those of them that were typed: the old run's words win over a default, not over what is typed. */
function typedFlags(command: Command): { readonly all: object; readonly typed: object } {
  const all = command.optsWithGlobals();
  const typed = Object.entries(all).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  return { all, typed: Object.fromEntries(typed) };
}

function words(verb: Command): void {
  connectionFlags(verb);
  runFlags(verb).option('-e, --extra-vars <vars>', 'key=value, JSON, or @file; may be repeated', collect, []);
}

function listed(verb: Command): void {
  verb.option('-n, --number <n>', 'how many, the newest first', whole).option('--json', 'as one JSON object');
}

function listFlags(flags: object): { readonly number: number } {
  return { number: 20, ...flags };
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a number from 1 is needed');
  return Number(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is needed, like 4 or 0.5');
  return value;
}
