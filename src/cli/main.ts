/**
 * argv -> one verb -> exit code. Verbs are imported when they are called, so that `--help` and `validate` stay quick.
 * Everything that can go wrong ends here in words; a stack trace is only for our own bugs (exit 1).
 */
import { Command } from 'commander';
import { exitCodes } from '../report/exit-code.ts';
import { gwfleetVersion, tellFailure } from './failure.ts';
import { spelledOut } from './flags.ts';
import { withHelpHints, withHelpPages } from './help-page.ts';
import { openOutput } from './output.ts';
import { registerApply } from './verbs/apply.ts';
import { registerFailover } from './verbs/failover.ts';
import { registerGateway } from './verbs/gateway.ts';
import { registerHostKeys } from './verbs/hostkeys.ts';
import { registerLearn } from './verbs/learn.ts';
import { registerLook } from './verbs/look.ts';
import { registerOffline } from './verbs/offline.ts';
import { registerRuns } from './verbs/runs.ts';
import type { VerbGround } from './verbs/verb.ts';

const output = openOutput();

interface Group {
  readonly verbs: readonly string[];
  readonly register: (ground: VerbGround) => void;
}

/** In the order of `gwfleet --help`. */
const groups: readonly Group[] = [
  { verbs: ['apply', 'plan'], register: registerApply },
  { verbs: ['gateway'], register: registerGateway },
  { verbs: ['failover', 'watch'], register: registerFailover },
  { verbs: ['status', 'capacity'], register: registerLook },
  { verbs: ['rollback', 'runs'], register: registerRuns },
  { verbs: ['hostkeys'], register: registerHostKeys },
  { verbs: ['validate', 'inventory', 'docs', 'schema'], register: registerOffline },
  { verbs: ['init', 'report', 'completion'], register: registerLearn },
];

/** Only the typed verb's, to start quickly; all of them for help, suggestions and completion. */
function neededGroups(verb: string | undefined): readonly Group[] {
  const own = groups.filter(({ verbs }) => verbs.includes(verb ?? ''));
  return own.length > 0 ? own : groups;
}

function program(): Command {
  const root = withHelpPages(new Command('gwfleet'))
    .description('for fleets of Linux NAT gateways')
    .version(gwfleetVersion)
    .configureOutput({ writeOut: (text) => output.result(text), writeErr: (text) => output.tell(text) })
    .exitOverride();
  for (const { register } of neededGroups(process.argv[2])) register({ root, output, done });
  return root;
}

async function done(exit: Promise<number>): Promise<void> {
  process.exitCode = await exit;
}

const failed = (error: unknown): void => {
  process.exitCode = tellFailure(error, output, process.argv.includes('--json') ? 'json' : 'words');
};
// Nobody waits for this one, so nobody knows what still holds here: leave at once, as with a second Ctrl-C. Whoever has
// the terminal or a lock gives it back at the exit; the words come after that, on a terminal that is as it was.
process.once('uncaughtException', (error) => {
  process.once('exit', () => failed(error));
  process.exit(exitCodes.bug);
});

void start();

async function start(): Promise<void> {
  try {
    const root = program();
    if (process.argv[2] === 'lab') (await import('./lab.ts')).registerLab(root);
    else labStub(root);
    withHelpHints(root);
    await root.parseAsync(spelledOut(process.argv));
  } catch (error) {
    failed(error);
  }
}

/** Shown in `--help`; the real one is loaded when `lab` is typed. */
function labStub(root: Command): void {
  root.command('lab').description('a fleet on this machine: up, down, status, exec');
}
