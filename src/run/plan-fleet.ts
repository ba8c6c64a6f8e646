/**
 * Survey and decision for all plays of a run, in the order of the plays, each host seeing what its earlier plays will
 * leave. Reads only.
 */
import type { MoveGround } from '../fleet/move-reason.ts';
import { type Left, planHost } from '../plan/decide.ts';
import { withMoveReasons } from '../plan/move-notes.ts';
import { countPlan, type HostPlan, hasChanges, type Plan, type PlayRules } from '../plan/plan.ts';
import type { HostTask } from '../plan/probe.ts';
import { heedWays, type WayRules, waysAmong } from '../plan/way-in.ts';
import type { BareEvent } from '../report/event.ts';
import type { Facts } from '../tasks/facts.ts';
import type { Draining, Json } from '../tasks/task-type.ts';
import type { RunContext } from './context.ts';
import { letGo, type Survey, surveyHosts } from './survey.ts';

export interface PlayRequest {
  readonly name: string;
  readonly pattern: string;
  readonly batches: readonly (readonly string[])[];
  readonly rules: PlayRules;
  readonly tasks: ReadonlyMap<string, readonly HostTask[]>;
  /** Checks between batches, by host. */
  readonly gate: ReadonlyMap<string, readonly HostTask[]>;
  /** What this command says of drains, also of those under way; else each keeps the policy that it began with. */
  readonly drains?: DrainOrder;
  /** A host of it that cannot be reached is left out: it is dead most likely, and nobody waits long for it. */
  readonly absence?: 'borne';
}

export interface DrainOrder extends Pick<Draining<Json>, 'deadlineSeconds' | 'atDeadline'> {
  /** The next hop that is to carry nobody any more; nothing of the others is cut. Undefined: all of them. */
  readonly from: string | undefined;
}

export interface FleetRequest {
  readonly inventory: string;
  readonly playbook: string;
  readonly plays: readonly PlayRequest[];
  /** What the reasons of moving webservers are made from. */
  readonly moves?: MoveGround;
}

export interface PlannedFleet {
  readonly plan: Plan;
  readonly surveys: ReadonlyMap<string, Survey>;
}

/** `dry`: no connection is needed after the look. */
export async function planFleet(
  request: FleetRequest,
  context: RunContext,
  mode: 'dry' | 'wet' = 'wet',
): Promise<PlannedFleet> {
  const borne = new Set(
    request.plays.flatMap((play) => (play.absence === 'borne' ? play.batches.flat() : [])),
  );
  const early = earlyPlans(request, context, mode);
  const changes = mode === 'dry' ? 'never' : 'may follow';
  const surveys = await surveyHosts(
    { tasks: tasksByHost(request), borne, changes, kept: early.kept },
    context,
  );
  const ways = waysAmong(factsOf(surveys));
  const { types } = context;
  const plays = request.plays.map((play) => {
    const batches = play.absence === 'borne' ? presentOf(play.batches, surveys) : play.batches;
    const rules = wayRules(play.rules, context);
    return {
      name: play.name,
      pattern: play.pattern,
      batches,
      rules: play.rules,
      hosts: batches.flat().map((host) => heedWays(early.plan(host, play), ways(host), { types, rules })),
    };
  });
  const { inventory, playbook, moves } = request;
  const told = moves === undefined ? plays : plays.map((play) => withMoveReasons(play, moves));
  const plan: Plan = { v: 1, inventory, playbook, plays: told };
  for (const event of planEvents(plan)) context.emit(event);
  return { plan, surveys };
}

interface EarlyPlans {
  readonly kept: (host: string, survey: Survey) => Survey;
  readonly plan: (host: string, play: PlayRequest) => HostPlan;
}

/**
 * Plans each host as soon as it has answered, while others are still asked: nothing of a host's own plan depends on
 * others. A connection is kept for a change that is to come, and no more of them than a machine has sockets for.
 */
function earlyPlans(request: FleetRequest, context: RunContext, mode: 'dry' | 'wet'): EarlyPlans {
  const playsOf = playsByHost(request);
  const plans = new Map<string, ReadonlyMap<PlayRequest, HostPlan>>();
  const keep = keeper(mode === 'dry' ? 0 : keptAtMost);
  return {
    kept: (host, survey) => {
      const left: Left = new Map<string, Json>();
      const own = (playsOf.get(host) ?? []).map(
        (play) => [play, planOne(host, play, { survey, left, context })] as const,
      );
      plans.set(host, new Map(own));
      return own.some(([, plan]) => hasChanges(plan)) ? keep(survey) : letGo(survey);
    },
    plan: (host, play) => {
      const plan = plans.get(host)?.get(play);
      if (plan === undefined) throw new Error(`host '${host}' was not surveyed`);
      return plan;
    },
  };
}

/** Those beyond are opened again when their turn comes: thousands of sockets are no use to a run that takes 64 at once. */
const keptAtMost = 256;

/** Keeps the connections of the first so many surveys, and lets go of the others'. */
export function keeper(atMost: number): (survey: Survey) => Survey {
  let kept = 0;
  return (survey) => {
    if (survey.kind !== 'seen' || kept >= atMost) return letGo(survey);
    kept += 1;
    return survey;
  };
}

function playsByHost({ plays }: FleetRequest): ReadonlyMap<string, readonly PlayRequest[]> {
  const found = new Map<string, PlayRequest[]>();
  for (const play of plays)
    for (const host of play.batches.flat()) {
      const own = found.get(host);
      if (own === undefined) found.set(host, [play]);
      else own.push(play);
    }
  return found;
}

function presentOf(
  batches: readonly (readonly string[])[],
  surveys: ReadonlyMap<string, Survey>,
): readonly (readonly string[])[] {
  return batches
    .map((batch) => batch.filter((host) => surveys.get(host)?.kind === 'seen'))
    .filter((batch) => batch.length > 0);
}

/** The events that tell what a plan holds: its warnings beside the changes, then its counts. */
export function planEvents(plan: Plan): readonly BareEvent[] {
  const { create, update, delete: gone, run, hosts, hostsChanging } = countPlan(plan);
  const plays = plan.plays.map(({ name, batches }) => ({
    name,
    hosts: batches.flat().length,
    batches: batches.length,
  }));
  const warnings = plan.plays.flatMap((play) => play.hosts.flatMap((host) => hostWarnings(play.name, host)));
  return [
    ...warnings,
    { type: 'plan-made', create, update, delete: gone, commands: run, hosts, hostsChanging, plays },
  ];
}

function hostWarnings(play: string, plan: HostPlan): readonly BareEvent[] {
  if (plan.kind === 'unplannable') return [];
  return plan.tasks.flatMap(({ name, notes }) =>
    notes.flatMap(({ level, text }): BareEvent[] =>
      level === 'info'
        ? []
        : [{ type: 'plan-warning', play, host: plan.host, task: name, level, message: text }],
    ),
  );
}

/** What keeps a host of a play from being cut off. */
export function wayRules({ confirmTimeoutSeconds, cut }: PlayRules, { guard }: RunContext): WayRules {
  return { guardSeconds: guard === 'on' ? confirmTimeoutSeconds : null, cut: cut ?? 'refused' };
}

/** Of every host that was seen. */
export function factsOf(surveys: ReadonlyMap<string, Survey>): ReadonlyMap<string, Facts> {
  return new Map(
    [...surveys].flatMap(([host, survey]) => (survey.kind === 'seen' ? [[host, survey.sight.facts]] : [])),
  );
}

/** Every task of every play, by host, in order. */
export function tasksByHost(request: FleetRequest): ReadonlyMap<string, readonly HostTask[]> {
  const tasks = new Map<string, HostTask[]>();
  for (const play of request.plays) {
    for (const [host, own] of play.tasks) {
      const all = tasks.get(host);
      if (all === undefined) tasks.set(host, [...own]);
      else all.push(...own);
    }
  }
  return tasks;
}

interface Known {
  readonly survey: Survey;
  /** What the host's earlier plays will leave. */
  readonly left: Left;
  readonly context: RunContext;
}

function planOne(host: string, play: PlayRequest, { survey, left, context }: Known): HostPlan {
  if (survey.kind === 'unseen') {
    const { result, why, hint } = survey;
    return { kind: 'unplannable', host, result, why, ...(hint === undefined ? {} : { hint }) };
  }
  const { types } = context;
  return planHost(host, play.tasks.get(host) ?? [], { sight: survey.sight, left, types });
}
