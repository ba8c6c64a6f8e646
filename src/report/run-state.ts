/**
 * The one reducer: events in, the state of a run out. Every renderer, the recap and the exit code read this state, so
 * they cannot disagree. A host that goes through several plays keeps its worst result.
 */
import type { HostResult, RunEvent } from './event.ts';
import { freshHost, type HostEvent, type HostState, isBad, nextHost } from './host-state.ts';

export type { HostState };

/** How far a play is. Plays that have not begun are known once the plan stands. */
export interface PlayState {
  readonly name: string;
  readonly hosts: number;
  readonly batches: number;
  /** From 1; 0 before the first. */
  readonly batch: number;
  readonly finished: number;
  /** Finished hosts that are not as wanted. */
  readonly bad: number;
}

export type DrainState = Extract<RunEvent, { type: 'drain-progress' | 'drain-finished' }>;

export interface RunState {
  readonly run: string;
  readonly command: string;
  /** The earlier run that it carries on or takes back. */
  readonly of: string | undefined;
  readonly inventory: string;
  readonly startedAt: string;
  /** Time of the newest event. */
  readonly at: string;
  readonly plays: readonly PlayState[];
  /** Index of the play that runs; -1 before the first. */
  readonly playing: number;
  readonly hosts: ReadonlyMap<string, HostState>;
  readonly plan: Extract<RunEvent, { type: 'plan-made' }> | undefined;
  readonly batch: Extract<RunEvent, { type: 'batch-started' }> | undefined;
  readonly stopped: string | undefined;
  /** Drains of moved routes that are under way or were left, by host. */
  readonly drains: ReadonlyMap<string, DrainState>;
  readonly notes: readonly string[];
  readonly finished: Extract<RunEvent, { type: 'run-finished' }> | undefined;
  /** Its process is known to have died. */
  readonly died: Extract<RunEvent, { type: 'run-died' }> | undefined;
  /** Later runs that took changes of it back. */
  readonly takenBackBy: readonly string[];
}

export const emptyRunState: RunState = {
  run: '',
  command: '',
  of: undefined,
  inventory: '',
  startedAt: '',
  at: '',
  plays: [],
  playing: -1,
  hosts: new Map(),
  plan: undefined,
  batch: undefined,
  stopped: undefined,
  drains: new Map(),
  notes: [],
  finished: undefined,
  died: undefined,
  takenBackBy: [],
};

export function reduce(before: RunState, event: RunEvent): RunState {
  const state = { ...before, at: event.at };
  switch (event.type) {
    case 'run-started':
      return {
        ...state,
        run: event.run,
        command: event.command,
        of: event.of,
        inventory: event.inventory,
        startedAt: event.at,
        hosts: new Map(event.hosts.map((host) => [host, freshHost(host)])),
      };
    case 'plan-made':
      return { ...state, plan: event, plays: (event.plays ?? []).map(unbegunPlay), playing: -1 };
    case 'play-started':
      return withPlay(state, event);
    case 'batch-started':
      return {
        ...state,
        batch: event,
        plays: changedPlay(state, (play) => ({
          ...play,
          batch: event.batch,
          hosts: Math.max(play.hosts, event.hosts.length),
        })),
      };
    case 'run-stopped':
      return { ...state, stopped: event.why };
    case 'note':
      return { ...state, notes: [...state.notes, event.message] };
    case 'run-finished':
      return { ...state, finished: event };
    case 'run-died':
      return { ...state, died: event };
    case 'run-taken-back':
      return { ...state, takenBackBy: [...state.takenBackBy, event.by] };
    case 'taking-back':
      return state;
    case 'host-finished':
      if (event.back === true) return withHost(state, event);
      return withHost({ ...state, plays: changedPlay(state, (play) => oneMore(play, event)) }, event);
    case 'plan-warning':
      return state;
    case 'drain-progress':
    case 'drain-finished':
      return withHost({ ...state, drains: drainsAfter(state.drains, event) }, event);
    default:
      return withHost(state, event);
  }
}

/** What is over is forgotten, the newest stands last. Changed in place, as the hosts are. */
function drainsAfter(
  drains: ReadonlyMap<string, DrainState>,
  event: DrainState,
): ReadonlyMap<string, DrainState> {
  const kept = drains === emptyRunState.drains ? new Map<string, DrainState>() : drains;
  const over = event.type === 'drain-finished' && event.how !== 'left';
  (kept as Map<string, DrainState>).delete(event.host);
  if (!over) (kept as Map<string, DrainState>).set(event.host, event);
  return kept;
}

type PlanMade = Extract<RunEvent, { type: 'plan-made' }>;

function unbegunPlay(play: NonNullable<PlanMade['plays']>[number]): PlayState {
  return { ...play, batch: 0, finished: 0, bad: 0 };
}

/** The next play of that name; one that the plan did not speak of is added. */
function withPlay(state: RunState, event: Extract<RunEvent, { type: 'play-started' }>): RunState {
  const { playing, plays } = state;
  const index = plays.findIndex(({ name }, place) => place > playing && name === event.play);
  if (index >= 0) return { ...state, playing: index };
  const added = { name: event.play, hosts: 0, batches: event.batches, batch: 0, finished: 0, bad: 0 };
  return { ...state, plays: [...plays, added], playing: plays.length };
}

function changedPlay(
  { plays, playing }: RunState,
  change: (play: PlayState) => PlayState,
): readonly PlayState[] {
  return plays.map((play, index) => (index === playing ? change(play) : play));
}

function oneMore(play: PlayState, { result }: Extract<RunEvent, { type: 'host-finished' }>): PlayState {
  const finished = play.finished + 1;
  const bad = play.bad + (isBad(result) ? 1 : 0);
  return { ...play, finished, bad, hosts: Math.max(play.hosts, finished) };
}

/** The map is changed in place: with thousands of hosts a copy for each event would be quadratic. */
function withHost(state: RunState, event: HostEvent): RunState {
  const before = state.hosts.get(event.host) ?? freshHost(event.host);
  const hosts = state.hosts === emptyRunState.hosts ? new Map<string, HostState>() : state.hosts;
  const after = nextHost(before, event);
  (hosts as Map<string, HostState>).set(event.host, { ...after, log: [...before.log, event] });
  return { ...state, hosts };
}

/** How many hosts ended how; hosts without a result count as skipped once the run is over. */
export function countResults(state: RunState): Readonly<Record<HostResult, number>> {
  const counts = { ok: 0, changed: 0, skipped: 0, unreachable: 0, failed: 0, 'rolled-back': 0, unknown: 0 };
  for (const { result } of state.hosts.values()) if (result !== undefined) counts[result] += 1;
  return counts;
}
