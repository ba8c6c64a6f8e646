/** What stands on the hosts when gwfleet leaves at once: which guards still hold and until when, and who is where. */
import type { HostState, RunState } from '../report/run-state.ts';
import { whereaboutsLines } from './whereabouts.ts';

/** Beyond this many, those in flight are counted: the words must fit on a screen. */
const toldFlights = 8;

export function leftBehindText(state: RunState): string {
  const lines = [...state.hosts.values()].flatMap(flightLine);
  const more = lines.length - toldFlights;
  return [
    ...lines.slice(0, toldFlights),
    ...(more > 0 ? [`and ${more} more: their guards hold, too, or what was begun there ends by itself`] : []),
    ...whereaboutsLines(state, 'short'),
    '',
  ].join('\n');
}

function flightLine({ host, phase, guardedAt, guardSeconds }: HostState): readonly string[] {
  if (phase !== 'guarded' && phase !== 'running') return [];
  if (guardedAt === undefined || guardSeconds === undefined || guardSeconds === 0)
    return [`${host}: what was begun there ends by itself, or rolls back if it was armed`];
  const until = new Date(Date.parse(guardedAt) + guardSeconds * 1000).toISOString().slice(11, 19);
  return [`${host}: its guard holds; it rolls back by itself at ${until} UTC, not before`];
}
