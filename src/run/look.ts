/** One read-only script of a command's own on a host, and its answer; or in words why there is none. */
import type { Remote } from '../remote/remote.ts';
import type { Script } from '../shell/sh.ts';
import { openRemote, type RunContext } from './context.ts';
import { describeOutcome } from './survey.ts';

export interface LookOrder<Seen> {
  /** `mark` is a nonce that every line of the answer begins with. */
  readonly script: (mark: string) => Script;
  /** Undefined: the answer is not whole. */
  readonly read: (mark: string, stdout: string) => Seen | undefined;
  readonly timeoutSeconds?: number;
}

export type Looked<Seen> = { readonly seen: Seen } | { readonly why: string };

/** Over a connection of its own. */
export async function lookAt<Seen>(
  host: string,
  order: LookOrder<Seen>,
  context: RunContext,
): Promise<Looked<Seen>> {
  const remote = await openRemote(host, context);
  if (typeof remote === 'string') return { why: `${host}: ${remote}` };
  const looked = await lookOver(remote, order, context);
  await remote.close();
  return 'why' in looked ? { why: `${host}: ${looked.why}` } : looked;
}

/** Over a connection that stays open. */
export async function lookOver<Seen>(
  remote: Remote,
  order: LookOrder<Seen>,
  context: Pick<RunContext, 'nonce' | 'commandTimeoutSeconds'>,
): Promise<Looked<Seen>> {
  const mark = context.nonce();
  const timeoutSeconds = order.timeoutSeconds ?? context.commandTimeoutSeconds;
  const outcome = await remote.run(order.script(mark), { timeoutSeconds });
  const seen = outcome.kind === 'done' ? order.read(mark, outcome.stdout) : undefined;
  return seen === undefined ? { why: describeOutcome(outcome) } : { seen };
}
