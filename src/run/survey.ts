/**
 * The first look at every host: one connection, one exec. Who asked for it says of each host at once, while others are
 * still looked at, whether its connection is kept for a change; then the shell that looked waits for it, too.
 */
import { pendingFrame, pendingProbe, readPending } from '../guard/pending.ts';
import { type HostTask, probeScript, readSight, type Sight } from '../plan/probe.ts';
import type { Outcome, Remote, RunOptions } from '../remote/remote.ts';
import { framed } from '../shell/frames.ts';
import { block } from '../shell/sh.ts';
import { type RunContext, targetOf } from './context.ts';
import { heldNote } from './host-result.ts';

export type Survey =
  | {
      readonly kind: 'seen';
      readonly sight: Sight;
      /** For the change to come; undefined when it was let go. */
      readonly remote: Remote | undefined;
    }
  | {
      readonly kind: 'unseen';
      readonly result: 'unreachable' | 'failed';
      readonly why: string;
      readonly hint?: string;
    };

/** A host that need not be there is not waited for longer than this: others are in a hurry. */
const borneMs = 3000;

export interface SurveyOrder {
  readonly tasks: ReadonlyMap<string, readonly HostTask[]>;
  /** Who need not be there. */
  readonly borne?: ReadonlySet<string>;
  /** Whether connections may be kept. */
  readonly changes: 'may follow' | 'never';
  /** Called for each host when it has answered, or not; gives what is kept of that. */
  readonly kept: (host: string, survey: Survey) => Survey;
}

/** Looks at all hosts, `--forks` at once. A stopped run leaves the rest unseen. */
export async function surveyHosts(
  { tasks, borne, changes, kept }: SurveyOrder,
  context: RunContext,
): Promise<ReadonlyMap<string, Survey>> {
  const surveys = await Promise.all(
    [...tasks].map(async ([host, hostTasks]) => {
      const look = borne?.has(host) === true ? surveyInHurry : surveyHost;
      const survey = await context.limit(() => look(host, hostTasks, { ...context, changes }));
      context.emit({
        type: 'host-probed',
        host,
        ...(survey.kind === 'seen' ? { result: 'seen' } : { result: survey.result, message: survey.why }),
      });
      const held = survey.kind === 'seen' ? heldBy(survey.sight) : undefined;
      if (held !== undefined) context.emit({ type: 'note', host, message: held });
      return [host, kept(host, survey)] as const;
    }),
  );
  return new Map(surveys);
}

/** Says goodbye to a host that has answered; nobody need wait for that. */
export function letGo(survey: Survey): Survey {
  if (survey.kind !== 'seen') return survey;
  void survey.remote?.close();
  return { ...survey, remote: undefined };
}

type SurveyContext = RunContext & Pick<SurveyOrder, 'changes'>;

/** Not with AbortSignal.any: Node 20 collects such a signal before its time. */
async function surveyInHurry(
  host: string,
  tasks: readonly HostTask[],
  context: SurveyContext,
): Promise<Survey> {
  const [over, seen] = [new AbortController(), new AbortController()];
  const give = (): void => over.abort();
  context.stop.addEventListener('abort', give);
  void context.sleep(borneMs, seen.signal).then(give);
  const survey = await surveyHost(host, tasks, { ...context, stop: over.signal });
  seen.abort();
  context.stop.removeEventListener('abort', give);
  return survey;
}

/** Another run is at this host: what was seen may be half of its change. */
function heldBy({ outputs }: Sight): string | undefined {
  const { lock } = readPending(outputs.get(pendingFrame)?.stdout ?? '');
  return lock === null ? undefined : heldNote(lock);
}

async function surveyHost(host: string, tasks: readonly HostTask[], context: SurveyContext): Promise<Survey> {
  if (context.stop.aborted)
    return { kind: 'unseen', result: 'unreachable', why: 'not reached: the run was stopped' };
  const connection = await context.connector.connect(targetOf(context, host), context.stop);
  if (!connection.ok) {
    const { message, hint } = connection.failure;
    return { kind: 'unseen', result: 'unreachable', why: message, ...(hint === undefined ? {} : { hint }) };
  }
  const afterwards = context.changes === 'never' ? 'ends' : 'waits';
  const look = await lookAgain(connection.remote, tasks, { ...context, until: context.stop, afterwards });
  if ('sight' in look) return { kind: 'seen', sight: look.sight, remote: connection.remote };
  await connection.remote.close();
  return { kind: 'unseen', ...look };
}

type Look = { readonly sight: Sight } | { readonly result: 'unreachable' | 'failed'; readonly why: string };

/** The same look over a connection that is already there; `until` ends it early, `afterwards` is its shell's. */
export async function lookAgain(
  remote: Remote,
  tasks: readonly HostTask[],
  context: RunContext & { readonly until?: AbortSignal } & Pick<RunOptions, 'afterwards'>,
): Promise<Look> {
  const mark = context.nonce();
  const script = block(
    probeScript(mark, tasks, context.types),
    framed(mark, pendingFrame, pendingProbe, 'here'),
  );
  const outcome = await remote.run(script, {
    timeoutSeconds: context.commandTimeoutSeconds,
    ...(context.until === undefined ? {} : { signal: context.until }),
    ...(context.afterwards === undefined ? {} : { afterwards: context.afterwards }),
  });
  const sight = outcome.kind === 'done' ? readSight(mark, outcome.stdout, outcome.stderr) : undefined;
  if (sight !== undefined) return { sight };
  return { result: outcome.kind === 'done' ? 'failed' : 'unreachable', why: describeOutcome(outcome) };
}

/** How a script that should have answered ended instead, for people. */
export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'timed-out') return `the host did not answer within ${outcome.seconds} s`;
  if (outcome.kind === 'not-started') return outcome.cause;
  if (outcome.kind === 'connection-lost') return `connection lost: ${outcome.cause}`;
  const said = (outcome.stderr.trim() || outcome.stdout.trim())
    .split('\n')
    .slice(-3)
    .join(' / ')
    .slice(0, 300);
  return `the host did not run the script (exit ${outcome.code})${said === '' ? '' : `: ${said}`}`;
}
