/** Carrying out or showing a plan that was saved: nothing is decided again, and what cannot hold any more is said. */
import type { HostPlan, Plan, PlayPlan } from '../plan/plan.ts';
import type { HostTask } from '../plan/probe.ts';
import { heedWays, waysAmong, withoutWays } from '../plan/way-in.ts';
import { planText } from '../render/plan-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { RunContext } from '../run/context.ts';
import { type FleetRequest, factsOf, type PlannedFleet, planEvents, wayRules } from '../run/plan-fleet.ts';
import { letGo, type Survey, surveyHosts } from '../run/survey.ts';
import type { Facts } from '../tasks/facts.ts';
import type { WayIn } from '../tasks/way-in.ts';
import { diffDepth } from './apply-flags.ts';
import { planExit, planJson } from './apply-result.ts';
import type { Flags } from './flags.ts';
import type { Output } from './output.ts';
import type { SavedPlan } from './plan-file.ts';
import type { Request } from './request.ts';
import { secretTasks, unsealed } from './sealed-plan.ts';
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

/**
 * A saved plan is carried out as it is; each host compares itself with what the plan saw. What is looked at again:
 * tasks that hold secrets, since the file has nothing of them, and the ways in, which are those of today.
 */
export async function savedFleet(
  { plan: saved }: SavedPlan,
  request: FleetRequest,
  { context }: Session,
): Promise<PlannedFleet> {
  context.emit({
    type: 'run-started',
    command: 'apply',
    inventory: saved.inventory,
    playbook: saved.playbook,
    hosts: hostsOf(saved.plays),
  });
  const secrets = secretTasks(request);
  const planned = saved.plays.flatMap(({ hosts }) => hosts.filter(({ kind }) => kind === 'planned'));
  const looks = new Map(planned.map(({ host }) => [host, secrets.get(host) ?? []]));
  const surveys = await surveyHosts(
    { tasks: looks, changes: 'never', kept: (_host, survey) => letGo(survey) },
    context,
  );
  const today = {
    surveys,
    secrets,
    before: waysAmong(factsThen(saved)),
    now: waysAmong(factsOf(surveys)),
    context,
  };
  const plays = saved.plays.map((play) => ({
    ...play,
    hosts: play.hosts.map((host) => asOfToday(host, play, today)),
  }));
  const plan = { ...saved, plays };
  for (const event of planEvents(plan)) context.emit(event);
  return { plan, surveys: new Map() };
}

interface Today {
  readonly surveys: ReadonlyMap<string, Survey>;
  readonly secrets: ReadonlyMap<string, readonly HostTask[]>;
  /** The ways in when the plan was made. */
  readonly before: (host: string) => readonly WayIn[];
  readonly now: (host: string) => readonly WayIn[];
  readonly context: RunContext;
}

function asOfToday(saved: HostPlan, play: PlayPlan, today: Today): HostPlan {
  const { host } = saved;
  // A host that could not be planned then is not looked at now either: it says so.
  if (saved.kind === 'unplannable')
    return { ...saved, why: `when the plan was made: ${saved.why}`, hint: newPlan };
  const survey = today.surveys.get(host);
  if (survey === undefined) throw new Error(`host '${host}' was not surveyed`);
  if (survey.kind === 'unseen') {
    const { result, why, hint } = survey;
    return { kind: 'unplannable', host, result, why, ...(hint === undefined ? {} : { hint }) };
  }
  const { types } = today.context;
  const secrets = today.secrets.get(host) ?? [];
  const opened = unsealed(saved, { sight: survey.sight, secrets }, types);
  if (opened.kind === 'unplannable') return opened;
  const { managementPath, bootId } = survey.sight.facts;
  const plan = {
    ...withoutWays(opened, today.before(host), types),
    facts: { ...opened.facts, managementPath, bootId },
  };
  const rules = wayRules(play.rules, today.context);
  const heeded = heedWays(plan, today.now(host), { types, rules });
  if (heeded.kind === 'planned') return heeded;
  return { ...heeded, hint: 'come in as when the plan was made, or make a new plan, with --allow-cut' };
}

/** What the hosts were when the plan was made. */
function factsThen({ plays }: Plan): ReadonlyMap<string, Facts> {
  const all = plays.flatMap(({ hosts }) => hosts);
  return new Map(all.flatMap((plan) => (plan.kind === 'planned' ? [[plan.host, plan.facts]] : [])));
}

/** Every host that any of the plays speaks of, once. */
export function hostsOf(plays: readonly { readonly batches: readonly (readonly string[])[] }[]): string[] {
  return [...new Set(plays.flatMap(({ batches }) => batches.flat()))];
}
