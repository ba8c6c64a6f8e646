/**
 * `runs resume`: the same command again, with the same words and from the same folder, for the hosts that a run did
 * not bring to their end. What was confirmed is not trusted but left out; everything else gets a fresh plan.
 */
import { runFolder, stateFolder } from '../run/history.ts';
import { lifeOf } from '../run/process-mark.ts';
import { unfinishedHosts } from '../run/run-choice.ts';
import type { Flags } from './flags.ts';
import type { Output } from './output.ts';
import { readPlanFile } from './plan-file.ts';
import { runCalled } from './run-word.ts';
import { hostWord } from './short-words.ts';
import { UsageError } from './usage.ts';

type Again = (args: readonly string[], flags: object, output: Output) => Promise<number>;

/** By command: how it is typed again. */
const commands: Readonly<Record<string, () => Promise<Again>>> = {
  apply: async () => {
    const { apply } = await import('./apply.ts');
    return ([path = ''], flags, output) => apply(path, flags, output);
  },
};

export async function resume(
  word: string,
  given: { readonly all: object; readonly typed: object },
  output: Output,
): Promise<number> {
  const state = stateFolder(process.env);
  const past = runCalled(state, word);
  const { record } = past;
  if (past.state.finished === undefined && lifeOf(record.process) === 'alive')
    throw new UsageError(`run ${record.run} is still running (process ${record.process.pid})`);
  const again = commands[record.command];
  if (again === undefined)
    throw new UsageError(
      `a ${record.command} is not carried on`,
      `type it again; it finds what is left: gwfleet ${record.command} ${record.args.join(' ')}`,
    );
  const hosts = unfinishedHosts(past, readPlanFile(`${runFolder(state, record.run)}/plan.json`)?.plan);
  if (hosts.length === 0)
    throw new UsageError(`nothing is left of run ${record.run}: every host came to its end`);
  output.tell(`carrying on run ${record.run} on ${hostWord(hosts.length)}: ${hosts.join(' ')}\n`);
  enterFolder(record.cwd);
  const command = await again();
  return command(record.args, resumedFlags(record, given, hosts), output);
}

/** The old words; how it is shown and asked is this command's own. Words that may be secret are given again. */
function resumedFlags(
  { run, flags }: { readonly run: string; readonly flags: Readonly<Record<string, unknown>> },
  { all, typed }: { readonly all: object; readonly typed: Partial<Flags> },
  hosts: readonly string[],
): object {
  const { yes: _, json: __, progress: ___, check: ____, dryRun: _____, breakLock: ______, ...kept } = flags;
  const { extraVars = [] } = kept as Partial<Flags>;
  const more = typed.extraVars ?? [];
  return { ...all, ...kept, ...typed, extraVars: [...extraVars, ...more], resumes: { run, hosts } };
}

function enterFolder(cwd: string): void {
  try {
    process.chdir(cwd);
  } catch {
    throw new UsageError(`the folder where that run was begun is gone: ${cwd}`);
  }
}
