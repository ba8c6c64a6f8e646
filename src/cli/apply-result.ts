/** How a command that changes hosts ends for machines: exit code of a plan, and the one object of --json. */
import { countPlan, type Plan } from '../plan/plan.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { HostState } from '../report/run-state.ts';
import type { Session } from './session.ts';

export function planExit(made: Plan): number {
  const results = made.plays.flatMap(({ hosts }) =>
    hosts.flatMap((host) => (host.kind === 'unplannable' ? [host.result] : [])),
  );
  if (results.includes('failed')) return exitCodes.failed;
  return results.length > 0 ? exitCodes.unreachable : exitCodes.asWanted;
}

export function planJson(made: Plan, exit: number): object {
  return { v: 1, command: 'plan', exit, counts: countPlan(made), plan: made };
}

interface Ended {
  readonly command: string;
  readonly plan: Plan;
  readonly exit: number;
}

export function resultJson(session: Session, { command, plan, exit }: Ended): object {
  const { hosts, finished, stopped } = session.state();
  return {
    v: 1,
    command,
    run: session.context.run,
    exit,
    seconds: finished?.seconds,
    ...(stopped === undefined ? {} : { stopped }),
    counts: countPlan(plan),
    hosts: Object.fromEntries([...hosts.values()].map((host) => [host.host, hostJson(host)])),
  };
}

export function hostJson({ result, failure }: HostState): object {
  const { message, task, place, said, next } = failure ?? {};
  return { result: result ?? 'skipped', message, task, place, said, next };
}
