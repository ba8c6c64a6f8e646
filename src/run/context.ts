/**
 * What a run carries from room to room: who it is, how it reaches hosts, how it tells what happens, when it must
 * stop. Clock and randomness enter here and nowhere deeper.
 */
import type { LimitFunction } from 'p-limit';
import type { TaskTypes } from '../plan/probe.ts';
import type { Connector, Remote, Target } from '../remote/remote.ts';
import type { Emit } from '../report/event.ts';

export interface RunContext {
  readonly run: string;
  /** user@machine, for locks and history. */
  readonly owner: string;
  readonly types: TaskTypes;
  readonly connector: Connector;
  readonly targets: ReadonlyMap<string, Target>;
  /** Hosts of the inventory by the next hop that they are for webservers. Each has a target. */
  readonly gateways: ReadonlyMap<string, string>;
  readonly emit: Emit;
  /** At most `--forks` hosts at once. */
  readonly limit: LimitFunction;
  /** Resolves when the next batch may begin: somebody may have asked for a pause. */
  readonly beforeBatch: () => Promise<void>;
  /** Aborted: begin no further host; those in flight finish. */
  readonly stop: AbortSignal;
  /** Wall-clock limit of one remote script that waits for nothing. */
  readonly commandTimeoutSeconds: number;
  readonly guard: 'on' | 'off';
  /** A run whose lock on hosts is to be broken where it is stale. */
  readonly breakLock?: string;
  /** A word that hosts cannot guess, new for every script. */
  nonce(): string;
  nowMs(): number;
  /** Ends early, and without an error, when `until` is aborted. */
  sleep(ms: number, until?: AbortSignal): Promise<void>;
}

export function targetOf(context: Pick<RunContext, 'targets'>, host: string): Target {
  const target = context.targets.get(host);
  if (target === undefined) throw new Error(`no connection data for host '${host}'`);
  return target;
}

/** A new connection to the host, or in words why there is none. */
export async function openRemote(host: string, context: RunContext): Promise<Remote | string> {
  const connection = await context.connector.connect(targetOf(context, host));
  return connection.ok ? connection.remote : connection.failure.message;
}
