/**
 * What became of one host in one play, and the words for it. Every ending that a host can have is made here, so that
 * the same thing is always told in the same words.
 */
import type { GuardState } from '../guard/engine.ts';
import type { Journal, LockHolder, Refusal } from '../guard/journal.ts';
import { shownObject } from '../plan/hidden.ts';
import type { TaskPlan, UnplannableHost } from '../plan/plan.ts';
import type { TaskTypes } from '../plan/probe.ts';
import type { BareEvent, HostResult } from '../report/event.ts';
import type { Place } from '../source/diagnostic.ts';

export interface HostEnding {
  readonly result: HostResult;
  readonly message?: string;
  readonly task?: string;
  readonly place?: Place;
  readonly said?: string;
  readonly next?: string;
  /** The host was on its way back: a confirmed change of it was to be undone. */
  readonly back?: true;
  /** Ended before anything was touched there. */
  readonly refused?: 'locked' | 'stale' | 'unable';
}

export function finishedEvent(play: string, host: string, ending: HostEnding): BareEvent {
  const { refused, ...told } = ending;
  return { type: 'host-finished', play, host, ...told };
}

/** A host that could not be planned. */
export function unplannableEnding(plan: UnplannableHost): HostEnding {
  return {
    refused: plan.stale === true ? 'stale' : 'unable',
    result: plan.result,
    message: plan.why,
    ...(plan.hint === undefined ? {} : { next: plan.hint }),
    ...(plan.task === undefined ? {} : { task: plan.task.name, place: plan.task.place }),
  };
}

/** A host that would not begin. */
export function refusedEnding(
  refusal: Refusal,
  tasks: readonly TaskPlan[],
  { types, breakLock }: { readonly types: TaskTypes; readonly breakLock?: string },
): HostEnding {
  switch (refusal.kind) {
    case 'locked':
      return {
        result: 'failed',
        refused: 'locked',
        message: lockedMessage(refusal.by),
        next: lockedAdvice(refusal.by, breakLock),
      };
    case 'settled':
      return settledForOther(refusal);
    case 'cannot-answer':
      return {
        result: 'failed',
        refused: 'unable',
        message: 'the connection died before anything was changed',
        next: 'nothing was changed on this host',
      };
    case 'stale': {
      const moved = tasks
        .filter(({ id }) => refusal.tasks.includes(id))
        .map((task) => shownObject(task, types));
      return {
        result: 'failed',
        refused: 'stale',
        message: `the host has moved since the plan was made: ${moved.join(', ')}`,
        next: 'nothing was changed on this host; make a new plan',
      };
    }
    case 'cannot-write':
      return {
        result: 'failed',
        refused: 'unable',
        message: `cannot write ${refusal.why}`,
        next: 'nothing was changed on this host',
      };
    case 'no-watchdog':
      return {
        result: 'failed',
        refused: 'unable',
        message: 'the watchdog that would roll back did not start',
        next: 'nothing was changed on this host',
      };
  }
}

function lockedMessage({ run, owner, sinceEpochSeconds, secondsLeft }: LockHolder): string {
  const since = new Date(sinceEpochSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const left = secondsLeft === null ? '' : `, at most ${secondsLeft} s left`;
  return `locked by run ${run} of ${owner} since ${since} UTC${left}`;
}

/** What a look finds of another run, and what can be done about it. */
export function heldNote(holder: LockHolder): string {
  const { run, life } = holder;
  const ends =
    life === 'alive'
      ? 'that run confirms its change, or the host rolls it back by itself; look again then'
      : `that run died here before it changed anything; break its lock with --break-lock ${runIdOf(run)}`;
  return `${lockedMessage(holder)}; what is seen now may change: ${ends}`;
}

function lockedAdvice({ run, life }: LockHolder, breakLock: string | undefined): string {
  if (life === 'alive' && breakLock !== undefined && run.startsWith(`${breakLock}.`))
    return 'nothing was changed on this host; that run is alive, and --break-lock takes no lock from the living: it confirms, or the host rolls it back by itself; try again then';
  if (life === 'alive')
    return 'nothing was changed on this host; that run confirms it, or the host rolls it back by itself; try again then';
  return `nothing was changed on this host; that run died here before it changed anything; break its lock with --break-lock ${runIdOf(run)}`;
}

/** A run has a guard for each play, and one more to undo it. */
function runIdOf(guard: string): string {
  return guard.replace(/\.u?\d+$/, '');
}

/** The dead guard of another run stood in the way and has been ended; ours has not begun. */
function settledForOther({ run, state }: Extract<Refusal, { kind: 'settled' }>): HostEnding {
  const found = `run ${run} had left this host armed, and its watchdog was dead`;
  if (state === 'rolled-back-verified')
    return {
      result: 'failed',
      refused: 'stale',
      message: `${found}; it is rolled back now, verified`,
      next: 'make a new plan: the host is as it was before that run',
    };
  return { ...settledEnding(state, { result: 'unknown', message: found }), result: 'unknown' };
}

/** A host that knows nothing of the run: /run is emptied at boot, and so is a change that was not confirmed. */
export function forgottenEnding(
  how: 'not begun' | 'looks as before' | 'looks different',
  cause: HostEnding,
): HostEnding {
  const because = cause.message === undefined ? '' : `${cause.message}; `;
  switch (how) {
    case 'looks different':
      return settledEnding('gone', cause);
    case 'not begun':
      return {
        ...cause,
        result: 'failed',
        refused: 'unable',
        message: `${cause.message ?? 'lost'} before the first step`,
        next: 'nothing was changed on this host',
      };
    case 'looks as before':
      return {
        ...cause,
        result: 'rolled-back',
        message: `${because}the host forgot the run (rebooted?) and looks as before, verified`,
        next: 'the host is as it was before the run',
      };
  }
}

/** A host whose guard has ended: what it answered is what is told. */
export function settledEnding(
  state: GuardState | 'gone' | undefined,
  cause: HostEnding,
  { watchdogAlive }: Pick<Partial<Journal>, 'watchdogAlive'> = {},
): HostEnding {
  const because = cause.message === undefined ? '' : `${cause.message}; `;
  switch (state) {
    case 'confirmed':
      return { result: 'changed' };
    case 'rolled-back-verified':
      return {
        ...cause,
        result: 'rolled-back',
        message: `${because}rolled back, verified`,
        next: 'the host is as it was before the run',
      };
    case 'rolled-back-unverified':
      return {
        ...cause,
        result: 'unknown',
        message: `${because}rolled back, but the host does not look as before`,
        next: 'look at the host: its state differs from the checkpoint',
      };
    case 'rollback-failed':
      return {
        ...cause,
        result: 'unknown',
        message: `${because}the rollback failed`,
        next: 'a person is needed on this host',
      };
    case 'armed':
    case 'rolling-back':
      return {
        ...cause,
        result: 'unknown',
        message: `${because}the host is still ${state}`,
        next:
          watchdogAlive === false
            ? 'its watchdog is gone, so it will NOT roll back by itself: a person is needed on this host'
            : 'the host rolls back by itself; look again in a minute',
      };
    case 'gone':
      return {
        ...cause,
        result: 'unknown',
        message: `${because}the host does not know the run any more (rebooted?)`,
        next: 'make a new plan: it shows where the host is',
      };
    case undefined:
      return {
        ...cause,
        result: 'unknown',
        message: `${because}the host stays away`,
        next: 'the host rolls back by itself if it was armed; look again in a minute',
      };
  }
}

/** Why the steps did not all work, from the journal. */
export function stepCause(journal: Journal, tasks: readonly TaskPlan[]): HostEnding {
  const bad = journal.ended.find(({ code }) => code !== 0);
  const task = tasks.find(({ id }) => id === (bad?.task ?? journal.begun.at(-1)));
  const message = bad === undefined ? 'the steps did not end' : `exit ${bad.code}`;
  return {
    result: 'failed',
    message,
    ...(task === undefined ? {} : { task: task.name, place: task.place }),
    ...(bad === undefined || bad.said === '' ? {} : { said: bad.said }),
  };
}
