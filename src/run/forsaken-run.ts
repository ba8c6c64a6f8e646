/**
 * A run whose gwfleet died: which hosts it was changing at that moment, and what became of them. The hosts are asked,
 * because they finish or roll back alone; what they answer is written into the old run's journal, so that its story is
 * true and nobody asks twice.
 */
import { readJournal } from '../guard/journal.ts';
import { inquiryScript } from '../guard/settle-script.ts';
import { asBefore, shortfalls } from '../plan/decide.ts';
import type { PlannedHost } from '../plan/plan.ts';
import { hasChanges, type Plan } from '../plan/plan.ts';
import { type HostTask, probeScript, readSight } from '../plan/probe.ts';
import type { RunEvent } from '../report/event.ts';
import { openRemote, type RunContext } from './context.ts';
import { type HostEnding, settledEnding } from './host-result.ts';
import type { PastRun } from './past-run.ts';
import { describeOutcome } from './survey.ts';
import { endingBack } from './taking-back.ts';

/** A host that was begun and not finished when the run died. */
export interface InFlight {
  readonly host: string;
  readonly play: string;
  readonly guardId: string;
  readonly back: boolean;
  readonly plan: PlannedHost;
}

export interface Answer {
  readonly flight: InFlight;
  /** Undefined: the host could not say, or is not through with it; `why` tells. */
  readonly ending?: HostEnding;
  readonly why: string;
}

/** A host that is still at it is waited for this much longer than it says. */
const patienceSeconds = 20;

/** Hosts without a change to make were only looked at. `plan` is the one that the run stored. */
export function inFlight({ events, record }: PastRun, plan: Plan | undefined): readonly InFlight[] {
  const open = new Map<string, Extract<RunEvent, { type: 'host-started' }>>();
  for (const event of events) {
    if (event.type === 'host-started') open.set(event.host, event);
    if (event.type === 'host-finished') open.delete(event.host);
  }
  return [...open.values()].flatMap(({ host, play, guard = '', back = false }) => {
    const index = Number(/^u?(\d+)$/.exec(guard.slice(record.run.length + 1))?.[1]) - 1;
    const planned = plan?.plays[index]?.hosts.find((candidate) => candidate.host === host);
    if (planned?.kind !== 'planned' || !hasChanges(planned)) return [];
    return [{ host, play, guardId: guard, back, plan: planned }];
  });
}

/** `settle`: pending guards are waited for, and dead ones ended. `look`: asks once and changes nothing. */
export async function askHosts(
  flights: readonly InFlight[],
  how: 'look' | 'settle',
  context: RunContext,
): Promise<readonly Answer[]> {
  return Promise.all(
    flights.map(async (flight) =>
      how === 'look' ? context.limit(() => ask(flight, 'inspect', context)) : askPatiently(flight, context),
    ),
  );
}

async function askPatiently(flight: InFlight, context: RunContext): Promise<Answer> {
  const startMs = context.nowMs();
  let patience = patienceSeconds;
  let told = false;
  for (;;) {
    const answer = await context.limit(() => ask(flight, 'settle', context));
    if (answer.pending === undefined || context.stop.aborted) return answer;
    if (answer.pending.secondsLeft > 0)
      patience = Math.max(patience, answer.pending.secondsLeft + patienceSeconds);
    if (context.nowMs() - startMs > patience * 1000) return answer;
    if (!told) context.emit({ type: 'note', host: flight.host, message: `${answer.why}; waiting for it` });
    told = true;
    await context.sleep(1000, context.stop);
  }
}

type Said = Answer & { readonly pending?: { readonly secondsLeft: number } };

async function ask(flight: InFlight, verb: 'inspect' | 'settle', context: RunContext): Promise<Said> {
  const { host, guardId, plan } = flight;
  const remote = await openRemote(host, context);
  if (typeof remote === 'string') return { flight, why: `cannot be asked: ${remote}` };
  const mark = context.nonce();
  const probe = probeScript(mark, looks(plan), context.types);
  const outcome = await remote.run(inquiryScript({ guardId, mark }, { verb, probe }), {
    timeoutSeconds: context.commandTimeoutSeconds,
  });
  void remote.close();
  const { state, watchdogAlive, secondsLeft, done } = readJournal(mark, outcome.stdout);
  if (!done) return { flight, why: `cannot be asked: ${describeOutcome(outcome)}` };
  switch (state) {
    case undefined:
      return { flight, why: 'its steps are only being prepared there', pending: { secondsLeft: 0 } };
    case 'armed':
    case 'rolling-back': {
      // Settling has ended what nobody else would: who is still at it is alive.
      if (watchdogAlive === false && verb === 'inspect')
        return {
          flight,
          why: `still ${state} there, and its watchdog is dead: nothing rolls back by itself`,
        };
      const left = secondsLeft ?? 0;
      const when = state === 'armed' && left > 0 ? `rolls back by itself in ${left} s` : 'is at it';
      return { flight, why: `still ${state} there; the host ${when}`, pending: { secondsLeft: left } };
    }
    case 'gone': {
      const sight = readSight(mark, outcome.stdout, '');
      return answered(
        flight,
        sight === undefined ? settledEnding('gone', died) : forgotten(flight, sight, context),
        context,
      );
    }
    default:
      return answered(flight, settledEnding(state, died), context);
  }
}

const died: HostEnding = { result: 'failed', message: 'gwfleet died during the change' };

function answered(flight: InFlight, ending: HostEnding, context: RunContext): Answer {
  const final = flight.back ? { ...endingBack(ending, flight.plan, context), back: true as const } : ending;
  return { flight, ending: final, why: final.message ?? 'the change was confirmed and stands' };
}

/** A host without a trace of the run: what it looks like tells whether it was confirmed, or forgot it by a reboot. */
function forgotten(
  { plan }: InFlight,
  sight: NonNullable<ReturnType<typeof readSight>>,
  { types }: RunContext,
): HostEnding {
  if (asBefore(plan.tasks, sight, types))
    return {
      ...died,
      result: 'rolled-back',
      message: `${died.message ?? ''}; the host looks as before, verified`,
    };
  if (shortfalls(plan.tasks, sight, types).length === 0) return { result: 'changed' };
  return settledEnding('gone', died);
}

function looks({ tasks }: PlannedHost): readonly HostTask[] {
  return tasks.map(({ id, type, name, place, args }) => ({ id, type, name, place, args }));
}
