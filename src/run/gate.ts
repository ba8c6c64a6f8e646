/**
 * Between two batches: the checks of `gate` on every host that the play has already changed, so that late breakage
 * stops the roll, again and again until the soak is over. Without a gate a soak is only a wait.
 */
import { planHost, shortfalls } from '../plan/decide.ts';
import type { HostTask } from '../plan/probe.ts';
import { type RunContext, targetOf } from './context.ts';
import { lookAgain } from './survey.ts';

export interface Gate {
  /** Hosts that the play has already gone through. */
  readonly hosts: readonly string[];
  readonly checks: ReadonlyMap<string, readonly HostTask[]>;
  readonly soakSeconds: number;
}

/** How often a soak looks: a breakage should be found before many connections have met it. */
const lookEverySeconds = 5;

/** Why the next batch must not begin, or undefined. A stopped run does not wait. */
export async function gateFailure(gate: Gate, context: RunContext): Promise<string | undefined> {
  const untilMs = context.nowMs() + gate.soakSeconds * 1000;
  for (;;) {
    const failures = await Promise.all(
      gate.hosts.map((host) => context.limit(() => hostFailure(host, gate.checks.get(host) ?? [], context))),
    );
    const failed = failures.find((failure) => failure !== undefined);
    const restMs = untilMs - context.nowMs();
    if (failed !== undefined || restMs <= 0 || context.stop.aborted) return failed;
    await context.sleep(Math.min(restMs, lookEverySeconds * 1000), context.stop);
  }
}

async function hostFailure(
  host: string,
  checks: readonly HostTask[],
  context: RunContext,
): Promise<string | undefined> {
  if (checks.length === 0) return undefined;
  const connection = await context.connector.connect(targetOf(context, host));
  if (!connection.ok) return `gate: ${host}: ${connection.failure.message}`;
  const look = await lookAgain(connection.remote, checks, context);
  await connection.remote.close();
  if (!('sight' in look)) return `gate: ${host}: ${look.why}`;
  const plan = planHost(host, checks, { sight: look.sight, left: new Map(), types: context.types });
  if (plan.kind === 'unplannable') return `gate: ${host}: ${plan.task?.name ?? ''}: ${plan.why}`;
  const [missing] = shortfalls(plan.tasks, look.sight, context.types);
  return missing === undefined ? undefined : `gate: ${host}: ${missing.task.name}: ${missing.why}`;
}
