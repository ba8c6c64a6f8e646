/** A request for some of its hosts only: what `runs resume` carries on. The batches keep their order. */
import type { PlayRequest } from '../run/plan-fleet.ts';
import type { Flags } from './flags.ts';
import type { Request } from './request.ts';
import { UsageError } from './usage.ts';

export function narrowed(request: Request, { run, hosts }: NonNullable<Flags['resumes']>): Request {
  const wanted = new Set(hosts);
  const plays = request.fleet.plays.map((play) => narrowedPlay(play, wanted));
  if (plays.every(({ batches }) => batches.length === 0))
    throw new UsageError(
      `none of the hosts that run ${run} left is in the inventory and its plays any more: ${hosts.join(' ')}`,
    );
  return { ...request, fleet: { ...request.fleet, plays }, of: run };
}

function narrowedPlay(play: PlayRequest, wanted: ReadonlySet<string>): PlayRequest {
  const keep = <Of>(map: ReadonlyMap<string, Of>): ReadonlyMap<string, Of> =>
    new Map([...map].filter(([host]) => wanted.has(host)));
  const batches = play.batches
    .map((batch) => batch.filter((host) => wanted.has(host)))
    .filter((batch) => batch.length > 0);
  return { ...play, batches, tasks: keep(play.tasks), gate: keep(play.gate) };
}
