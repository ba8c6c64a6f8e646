/**
 * A request for what an earlier run left: what `runs resume` carries on. The batches keep their order. A host that
 * cannot be in it any more is said, never passed over.
 */
import type { Inventory } from '../inventory/model.ts';
import type { PlayRequest } from '../run/plan-fleet.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Flags } from './flags.ts';
import type { Request } from './request.ts';
import { UsageError } from './usage.ts';

type Resumed = NonNullable<Flags['resumes']>;

export function narrowed(request: Request, { run, left, hosts }: Resumed): Request {
  const wanted = new Set(left);
  const plays =
    hosts === 'all' ? request.fleet.plays : request.fleet.plays.map((play) => narrowedPlay(play, wanted));
  if (plays.every(({ batches }) => batches.length === 0))
    throw new UsageError(
      `none of the hosts that run ${run} left is in the inventory and its plays any more: ${left.join(' ')}`,
    );
  const there = new Set(plays.flatMap(({ batches }) => batches.flat()));
  const lost = left.filter((host) => !there.has(host)).map((host) => lostHost(host, run, request.inventory));
  // The way back of a run stays the way back of that run.
  const { of = run } = request;
  return { ...request, fleet: { ...request.fleet, plays }, warnings: [...request.warnings, ...lost], of };
}

function lostHost(host: string, run: string, { hosts }: Inventory): Diagnostic {
  const where = hosts.has(host) ? 'in no play of it' : 'not in the inventory';
  return {
    severity: 'warning',
    message: `${host} is ${where} any more, and run ${run} did not bring it to its end: it stays as it is`,
    hint: `put it back and resume the run again, or look at the host: gwfleet runs show ${run}`,
  };
}

function narrowedPlay(play: PlayRequest, wanted: ReadonlySet<string>): PlayRequest {
  const keep = <Of>(map: ReadonlyMap<string, Of>): ReadonlyMap<string, Of> =>
    new Map([...map].filter(([host]) => wanted.has(host)));
  const batches = play.batches
    .map((batch) => batch.filter((host) => wanted.has(host)))
    .filter((batch) => batch.length > 0);
  return { ...play, batches, tasks: keep(play.tasks), gate: keep(play.gate) };
}
