/**
 * Takes a plan through the fleet: plays in order, batches in order, the hosts of a batch side by side. A host that
 * failed is left out of later plays; a stop rule or an interrupt begins no further host. When a rule has stopped it,
 * `on_failure` says which of the confirmed hosts go back. Longer than others because plays, batches and hosts share what
 * has happened so far: apart, each piece would be handed all of it.
 */
import { drainOf } from '../plan/drain.ts';
import type { HostPlan, PlannedHost, PlayPlan, TaskPlan } from '../plan/plan.ts';
import type { HostTask, Sight } from '../plan/probe.ts';
import type { HostResult } from '../report/event.ts';
import type { Draining, Json } from '../tasks/task-type.ts';
import type { RunContext } from './context.ts';
import { waitForDrains } from './drain-wait.ts';
import { gateFailure } from './gate.ts';
import type { HostDone } from './host-apply.ts';
import { finishedEvent, type HostEnding, unplannableEnding } from './host-result.ts';
import { type Turn, takeTurn } from './host-turn.ts';
import type { Interludes, Standing } from './interlude.ts';
import { type DrainOrder, type FleetRequest, type PlannedFleet, tasksByHost } from './plan-fleet.ts';
import { leaveDrains, type OpenDrain, waitForRouteDrains } from './route-drain.ts';
import { type Results, stopReason } from './stop-rules.ts';
import { backGuardId, backwards, type Confirmed, takeBack } from './taking-back.ts';

/** Results of all hosts that were begun, and whether locks or staleness kept every change away. */
export interface FleetDone {
  readonly touched: boolean;
  readonly refused: boolean;
}

export async function applyFleet(
  request: FleetRequest,
  fleet: PlannedFleet,
  context: RunContext,
  interludes: Interludes = {},
): Promise<FleetDone> {
  const roll = new Roll(request, fleet, context);
  const left: OpenDrain[] = [];
  let waited = 0;
  const drained = async (until: number): Promise<void> => {
    const plays = fleet.plan.plays.slice(waited, until);
    waited = until;
    if (!roll.stopped()) await waitForDrains({ ...fleet.plan, plays }, roll.fine(), context);
    const drains = roll.drains(plays);
    if (roll.stopped()) leaveDrains(drains, 'the run was stopped', context);
    else left.push(...(await waitForRouteDrains(drains, context)));
  };
  const standing = (): Standing => ({ fine: roll.fine(), draining: left });
  for (const [index, play] of fleet.plan.plays.entries()) {
    if (roll.stopped()) break;
    if (interludes.drainsFirst?.(play) === true) await drained(index);
    roll.halt(await interludes.before?.(play, index, standing()));
    if (!roll.stopped()) await roll.play(play, index);
  }
  await drained(fleet.plan.plays.length);
  if (!roll.stopped()) roll.halt(await interludes.after?.(standing()));
  if (context.stop.aborted)
    context.emit({ type: 'run-stopped', why: 'interrupted: no further host was begun' });
  await roll.close();
  return roll.done();
}

/** What a roll remembers from host to host; it lives as long as one apply. */
class Roll {
  private readonly lookTasks: ReadonlyMap<string, readonly HostTask[]>;
  private readonly results = new Map<string, HostResult>();
  private readonly sights = new Map<string, Sight>();
  private readonly refusals = new Set<string>();
  private readonly request: FleetRequest;
  private readonly fleet: PlannedFleet;
  private readonly context: RunContext;
  private readonly confirmed: Confirmed[] = [];
  /** When each host had done its last part, by our clock. */
  private readonly ends = new Map<string, number>();
  private readonly startMs: number;
  private changed = false;
  private batchIndex = 0;
  private playIndex = 0;
  private halted = false;

  constructor(request: FleetRequest, fleet: PlannedFleet, context: RunContext) {
    this.request = request;
    this.fleet = fleet;
    this.context = context;
    this.lookTasks = tasksByHost(request);
    this.startMs = context.nowMs();
  }

  stopped(): boolean {
    return this.halted || this.context.stop.aborted;
  }

  async play(play: PlayPlan, index: number): Promise<void> {
    this.playIndex = index;
    this.context.emit({ type: 'play-started', play: play.name, batches: play.batches.length });
    for (const [batch, hosts] of play.batches.entries()) {
      await this.context.beforeBatch();
      if (this.stopped()) return;
      this.batchIndex = batch;
      const batches = play.batches.length;
      this.context.emit({
        type: 'batch-started',
        play: play.name,
        batch: batch + 1,
        batches,
        hosts: [...hosts],
      });
      const results = await this.batch(play, hosts);
      const why =
        stopReason(play.rules, { ...results, run: [...this.results.values()] }) ??
        (await this.gate(play, batch));
      if (why === undefined) continue;
      this.halt(why);
      await this.takeBack(play);
    }
  }

  halt(why: string | undefined): void {
    if (why === undefined) return;
    this.halted = true;
    this.context.emit({ type: 'run-stopped', why });
  }

  /** Hosts that have come through all of their plays. */
  fine(): ReadonlySet<string> {
    return new Set([...this.results.keys()].filter((host) => !this.isOut(host)));
  }

  /** What is draining on the hosts that are as wanted, by their newest sight; each object once. */
  drains(plays: readonly PlayPlan[]): readonly OpenDrain[] {
    const found = new Map<string, OpenDrain>();
    for (const play of plays) {
      for (const plan of play.hosts) {
        if (plan.kind !== 'planned' || this.isOut(plan.host)) continue;
        for (const task of plan.tasks) {
          const drain = this.drain(play, plan.host, task);
          if (drain !== undefined) found.set(`${plan.host} ${task.object}`, drain);
        }
      }
    }
    return [...found.values()];
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.fleet.surveys.values()].map(async (survey) => {
        if (survey.kind === 'seen') await survey.remote?.close();
      }),
    );
  }

  done(): FleetDone {
    const bad = [...this.results]
      .filter(([, result]) => result !== 'ok' && result !== 'changed')
      .map(([host]) => host);
    return {
      touched: this.changed,
      refused: !this.changed && bad.length > 0 && bad.every((host) => this.refusals.has(host)),
    };
  }

  private drain(play: PlayPlan, host: string, task: TaskPlan): OpenDrain | undefined {
    const survey = this.fleet.surveys.get(host);
    const sight = this.sights.get(host) ?? (survey?.kind === 'seen' ? survey.sight : undefined);
    const { types } = this.context;
    const drain = sight === undefined ? undefined : drainOf(host, task, { sight, types });
    if (drain === undefined) return undefined;
    const draining = ordered(drain.draining, this.request.plays[this.fleet.plan.plays.indexOf(play)]?.drains);
    // A move of this run has just begun its drain; the look behind it does not say when.
    const beganMs = (this.ends.get(host) ?? this.startMs) - (draining.elapsedSeconds ?? 0) * 1000;
    const deadlineMs = beganMs + draining.deadlineSeconds * 1000;
    return { ...drain, draining, play: play.name, rules: play.rules, deadlineMs };
  }

  /** Nothing changed yet, or no further batch: nothing to wait for. */
  private async gate(play: PlayPlan, batch: number): Promise<string | undefined> {
    const checks = this.request.plays[this.playIndex]?.gate;
    if (!this.changed || checks === undefined || batch + 1 === play.batches.length) return undefined;
    const hosts = play.batches
      .slice(0, batch + 1)
      .flat()
      .filter((host) => !this.isOut(host));
    return gateFailure({ hosts, checks, soakSeconds: play.rules.soakSeconds }, this.context);
  }

  private async batch(play: PlayPlan, hosts: readonly string[]): Promise<Pick<Results, 'batch' | 'begun'>> {
    const plans = new Map(play.hosts.map((host) => [host.host, host]));
    const left = hosts.flatMap((host) => plans.get(host) ?? []).filter(({ host }) => !this.isOut(host));
    const endings = await Promise.all(left.map((plan) => this.context.limit(() => this.host(play, plan))));
    return {
      batch: endings.map(({ result }) => result),
      begun: endings.filter(wasBegun).map(({ result }) => result),
    };
  }

  /** A host that could not be taken back stands as it is; the others go on. */
  private async takeBack({ rules: { onFailure } }: PlayPlan): Promise<void> {
    const batches = backwards(
      this.confirmed.filter(
        ({ playIndex, batch }) =>
          onFailure === 'rollback_run' ||
          (onFailure === 'rollback_batch' && playIndex === this.playIndex && batch === this.batchIndex),
      ),
    );
    const hosts = [...new Set(batches.flat().map(({ plan }) => plan.host))];
    if (hosts.length === 0) return;
    this.context.emit({ type: 'taking-back', why: onFailure, hosts });
    for (const batch of batches) {
      if (this.context.stop.aborted) return;
      await Promise.all(batch.map((one) => this.context.limit(() => this.hostBack(one))));
    }
  }

  private async hostBack(one: Confirmed): Promise<void> {
    const { host } = one.plan;
    const guard = backGuardId(one, this.context);
    this.context.emit({ type: 'host-started', play: one.play.name, host, guard, back: true });
    const { ending, sight } = await takeBack(one, this.lookTasks.get(host) ?? [], this.context);
    if (sight !== undefined) this.sights.set(host, sight);
    this.results.set(host, ending.result);
    this.context.emit(finishedEvent(one.play.name, host, { ...ending, back: true }));
  }

  private isOut(host: string): boolean {
    const result = this.results.get(host);
    return result !== undefined && result !== 'ok' && result !== 'changed';
  }

  private async host(play: PlayPlan, plan: HostPlan): Promise<HostEnding> {
    if (this.context.stop.aborted)
      return this.finish(play, plan.host, { ending: { result: 'skipped', message: 'the run was stopped' } });
    if (plan.kind === 'unplannable') return this.finish(play, plan.host, { ending: unplannableEnding(plan) });
    const tasks = plan.tasks.filter(({ changes }) => changes.length > 0).map(({ name }) => name);
    const guard = this.guardId();
    this.context.emit({ type: 'host-started', play: play.name, host: plan.host, guard, tasks });
    return this.finish(play, plan.host, await this.carryOut(play, plan));
  }

  private async carryOut(play: PlayPlan, approved: PlannedHost): Promise<HostDone> {
    const { host } = approved;
    const turn: Turn = {
      approved,
      guardId: this.guardId(),
      rules: play.rules,
      tasks: this.request.plays[this.playIndex]?.tasks.get(host) ?? [],
      lookTasks: this.lookTasks.get(host) ?? [],
      survey: this.fleet.surveys.get(host),
      sight: this.sights.get(host),
      since: this.changed ? 'something changed' : 'nothing changed',
    };
    return takeTurn(turn, this.context);
  }

  private guardId(): string {
    return `${this.context.run}.${this.playIndex + 1}`;
  }

  private finish(play: PlayPlan, host: string, { ending, sight, plan }: HostDone): HostEnding {
    const { playIndex, batchIndex: batch } = this;
    if (plan !== undefined && ending.result === 'changed')
      this.confirmed.push({ play, playIndex, batch, plan });
    if (sight !== undefined) {
      this.sights.set(host, sight);
      this.ends.set(host, this.context.nowMs());
    }
    if (ending.refused === 'locked' || ending.refused === 'stale') this.refusals.add(host);
    if (ending.result === 'changed' || ending.result === 'rolled-back' || ending.result === 'unknown')
      this.changed = true;
    this.remember(host, ending);
    this.context.emit(finishedEvent(play.name, host, ending));
    return ending;
  }

  private remember(host: string, { result }: HostEnding): void {
    if (this.results.get(host) === 'changed' && result === 'ok') return;
    this.results.set(host, result);
  }
}

/** The command's own word, from its begin on, in place of the policy that a drain began with. */
function ordered(draining: Draining<Json>, order: DrainOrder | undefined): Draining<Json> {
  if (order === undefined) return draining;
  const { from, deadlineSeconds, atDeadline } = order;
  const meant = from === undefined || draining.gateways.includes(from);
  return { ...draining, deadlineSeconds, atDeadline: meant ? atDeadline : 'leave', elapsedSeconds: 0 };
}

function wasBegun({ result, refused }: HostEnding): boolean {
  return refused === undefined && result !== 'unreachable' && result !== 'skipped';
}
