/**
 * One look at all hosts for `status`: one exec a host, the plan's probe and the figures together. Connections are
 * kept, so that a look that is repeated costs no new ones; a broken one is opened anew at the next look.
 */
import { drainOf } from '../plan/drain.ts';
import { probeScript, readSight } from '../plan/probe.ts';
import type { Remote } from '../remote/remote.ts';
import { framed } from '../shell/frames.ts';
import { block, type Script } from '../shell/sh.ts';
import { driftOf } from '../status/drift.ts';
import { type HostLook, statusFrame } from '../status/view.ts';
import type { RunContext } from './context.ts';
import { type FleetRequest, tasksByHost } from './plan-fleet.ts';
import { describeOutcome } from './survey.ts';

export type LookContext = Pick<
  RunContext,
  'connector' | 'targets' | 'types' | 'limit' | 'stop' | 'commandTimeoutSeconds' | 'nonce'
>;

export interface Looker {
  look(): Promise<ReadonlyMap<string, HostLook>>;
  close(): Promise<void>;
}

/** `figures`: what is asked of each host beside the plan's probe. */
export function openLooker(
  request: FleetRequest,
  figures: ReadonlyMap<string, Script>,
  context: LookContext,
): Looker {
  const remotes = new Map<string, Remote>();
  const close = async (host: string): Promise<void> => {
    const remote = remotes.get(host);
    remotes.delete(host);
    await remote?.close();
  };
  const lookAt = async (host: string, script: Script): Promise<HostLook> => {
    const remote = remotes.get(host) ?? (await connected(host, context));
    if ('kind' in remote) return remote;
    remotes.set(host, remote);
    const look = await lookOver(remote, { host, script, request, context });
    if (look.kind === 'unseen') await close(host);
    return look;
  };
  return {
    look: async () =>
      new Map(
        await Promise.all(
          [...figures].map(
            async ([host, script]) => [host, await context.limit(() => lookAt(host, script))] as const,
          ),
        ),
      ),
    close: async () => {
      await Promise.all([...remotes.keys()].map(close));
    },
  };
}

async function connected(host: string, context: LookContext): Promise<Remote | HostLook> {
  if (context.stop.aborted)
    return { kind: 'unseen', result: 'unreachable', why: 'interrupted before it was reached' };
  const target = context.targets.get(host);
  if (target === undefined) throw new Error(`no connection data for host '${host}'`);
  const connection = await context.connector.connect(target, context.stop);
  if (connection.ok) return connection.remote;
  const { message, hint } = connection.failure;
  return { kind: 'unseen', result: 'unreachable', why: message, ...(hint === undefined ? {} : { hint }) };
}

interface LookOrder {
  readonly host: string;
  readonly script: Script;
  readonly request: FleetRequest;
  readonly context: LookContext;
}

async function lookOver(remote: Remote, { host, script, request, context }: LookOrder): Promise<HostLook> {
  const { types, commandTimeoutSeconds: timeoutSeconds } = context;
  const mark = context.nonce();
  const tasks = tasksByHost(request).get(host) ?? [];
  const whole = block(probeScript(mark, tasks, types), framed(mark, statusFrame, script));
  const outcome = await remote.run(whole, { timeoutSeconds });
  const sight = outcome.kind === 'done' ? readSight(mark, outcome.stdout, outcome.stderr) : undefined;
  if (sight === undefined) {
    const result = outcome.kind === 'done' ? 'failed' : 'unreachable';
    return { kind: 'unseen', result, why: describeOutcome(outcome) };
  }
  const plays = request.plays.map((play) => play.tasks.get(host) ?? []);
  const drains = tasks.flatMap((task) => drainOf(host, task, { sight, types }) ?? []);
  return { kind: 'seen', sight, ...driftOf(host, plays, { sight, types }), drains };
}
