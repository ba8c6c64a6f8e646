/** Carrying out or showing a plan that was saved: nothing is decided again, and what cannot hold any more is said. */
import type { Plan, PlayPlan } from '../plan/plan.ts';
import { planText } from '../render/plan-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import { type PlannedFleet, planEvents } from '../run/plan-fleet.ts';
import { diffDepth } from './apply-flags.ts';
import { planExit, planJson } from './apply-result.ts';
import type { Flags } from './flags.ts';
import type { Output } from './output.ts';
import type { SavedPlan } from './plan-file.ts';
import type { Request } from './request.ts';
import type { Session } from './session.ts';
import { UsageError } from './usage.ts';

const newPlan = 'make a new plan: gwfleet plan INVENTORY -o FILE';

/** A saved plan can be shown when its hosts have long moved: nothing is looked at. */
export function showSaved(saved: Plan, flags: Flags, output: Output): number {
  const exit = planExit(saved);
  if (flags.json === true) output.result(`${JSON.stringify(planJson(saved, exit))}\n`);
  else output.result(planText(saved, diffDepth(flags), output.resultColours));
  return exit;
}

/** Hosts that have left the inventory since a plan was saved. */
export function requireTargets(saved: Plan, { targets }: Request): void {
  const lost = hostsOf(saved.plays).filter((host) => !targets.has(host));
  if (lost.length > 0)
    throw new UsageError(
      `the plan speaks of hosts that the inventory no longer has: ${lost.join(' ')}`,
      newPlan,
      exitCodes.staleOrLocked,
    );
}

/** A saved plan is carried out as it is; each host compares itself with what the plan saw. */
export function savedFleet({ plan: saved }: SavedPlan, session: Session): PlannedFleet {
  const { context } = session;
  context.emit({
    type: 'run-started',
    command: 'apply',
    inventory: saved.inventory,
    playbook: saved.playbook,
    hosts: hostsOf(saved.plays),
  });
  const plan = { ...saved, plays: saved.plays.map(remembered) };
  for (const event of planEvents(plan)) context.emit(event);
  return { plan, surveys: new Map() };
}

/** A host that could not be planned then is not looked at now either: it says so. */
function remembered(play: PlayPlan): PlayPlan {
  const hosts = play.hosts.map((host) =>
    host.kind === 'planned' ? host : { ...host, why: `when the plan was made: ${host.why}`, hint: newPlan },
  );
  return { ...play, hosts };
}

/** Every host that any of the plays speaks of, once. */
export function hostsOf(plays: readonly { readonly batches: readonly (readonly string[])[] }[]): string[] {
  return [...new Set(plays.flatMap(({ batches }) => batches.flat()))];
}
