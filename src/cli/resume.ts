/**
 * `runs resume`: the same command again, with the same words and from the same folder, for the hosts that a run did
 * not bring to their end. What was confirmed is not trusted but left out; everything else gets a fresh plan. What a
 * reader gets wrong: a command about one gateway looks at all of its hosts again, because the gateway may only come or
 * go when each of them is where it should be.
 */
import { type RunRecord, stateFolder } from '../run/history.ts';
import type { PastRun } from '../run/past-run.ts';
import { lifeOf } from '../run/process-mark.ts';
import { hostsLeft } from '../run/run-choice.ts';
import type { Flags } from './flags.ts';
import { keptPlan } from './kept-plan.ts';
import type { Output } from './output.ts';
import { runCalled } from './run-word.ts';
import { hostWord } from './short-words.ts';
import { UsageError } from './usage.ts';

type Again = (record: RunRecord, flags: Flags, output: Output) => Promise<number>;

interface Command {
  /** Which of its hosts are in the plan again. */
  readonly hosts: NonNullable<Flags['resumes']>['hosts'];
  readonly again: () => Promise<Again>;
}

/** By command: how it is typed again. */
const commands: Readonly<Record<string, Command>> = {
  apply: {
    hosts: 'left',
    again: async () => {
      const { apply } = await import('./apply.ts');
      return ({ args: [path = ''] }, flags, output) => apply(path, flags, output);
    },
  },
  rollback: {
    hosts: 'left',
    again: async () => {
      const { rollback } = await import('./rollback.ts');
      // Without its id it would be the last run that changed something, and that may be this one.
      return ({ args: [path = ''], of }, flags, output) => rollback(path, of, { given: flags, output });
    },
  },
  'gateway add': {
    hosts: 'all',
    again: async () => {
      const { gatewayAdd } = await import('./gateway/add.ts');
      return async ({ args: [path = '', name = ''] }, flags, output) => {
        const {
          address: _,
          pool: __,
          ...rest
        } = flags as Flags & Readonly<Record<'address' | 'pool', unknown>>;
        // What it had begun with stands in the file by now.
        return gatewayAdd(path, name, (await isThere(path, name, flags)) ? rest : flags, output);
      };
    },
  },
  'gateway drain': {
    hosts: 'all',
    again: async () => {
      const { gatewayDrain } = await import('./gateway/drain.ts');
      return ({ args: [path = '', name = ''] }, flags, output) => gatewayDrain(path, name, flags, output);
    },
  },
  'gateway remove': {
    hosts: 'all',
    again: async () => {
      const { gatewayRemove } = await import('./gateway/remove.ts');
      return async ({ run, args: [path = '', name = ''] }, flags, output) => {
        if (await isThere(path, name, flags)) return gatewayRemove(path, name, flags, output);
        throw new UsageError(`nothing is left of run ${run}: ${name} is out of ${path}`);
      };
    },
  },
  failover: {
    hosts: 'all',
    again: async () => {
      const { failover } = await import('./gateway/failover.ts');
      return ({ args: [path = '', name = ''] }, flags, output) => failover(path, name, flags, output);
    },
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
  const command = commands[record.command];
  if (command === undefined)
    throw new UsageError(
      `a ${record.command} is not carried on`,
      `type it again; it finds what is left: gwfleet ${record.command} ${record.args.join(' ')}`,
    );
  const left = hostsLeft(past, keptPlan(state, record.run));
  if (left.length === 0)
    throw new UsageError(`nothing is left of run ${record.run}: every host came to its end`);
  enterFolder(record.cwd);
  output.tell(`${wordsOf(past, left, command)}\n`);
  const again = await command.again();
  const { run } = record;
  return again(record, resumedFlags(record, given, { run, left, hosts: command.hosts }), output);
}

function wordsOf(
  { record: { run, command, args } }: PastRun,
  left: readonly string[],
  { hosts }: Command,
): string {
  const named = `${hostWord(left.length)}: ${left.join(' ')}`;
  return hosts === 'left'
    ? `carrying on run ${run} on ${named}`
    : `carrying on run ${run} (${command} of ${args[1] ?? ''}); not through, as far as it knew: ${named}`;
}

/** The old words; how it is shown and asked is this command's own. Words that may be secret are given again. */
function resumedFlags(
  { flags }: RunRecord,
  { all, typed }: { readonly all: object; readonly typed: Partial<Flags> },
  resumes: NonNullable<Flags['resumes']>,
): Flags {
  const { yes: _, json: __, progress: ___, check: ____, dryRun: _____, breakLock: ______, ...kept } = flags;
  const { extraVars = [] } = kept as Partial<Flags>;
  const more = typed.extraVars ?? [];
  return { ...all, ...kept, ...typed, extraVars: [...extraVars, ...more], resumes } as Flags;
}

/** Whether the inventory has the gateway. */
async function isThere(path: string, name: string, flags: Flags): Promise<boolean> {
  const { readGround } = await import('./gateway/ground.ts');
  return readGround(path, name, flags).fleet.gateways.has(name);
}

function enterFolder(cwd: string): void {
  try {
    process.chdir(cwd);
  } catch {
    throw new UsageError(`the folder where that run was begun is gone: ${cwd}`);
  }
}
