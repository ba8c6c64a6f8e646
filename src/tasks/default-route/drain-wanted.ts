/**
 * Whether a move drains, goes on draining, or ends a drain. A drain that is under way keeps the policy that it began
 * with; a further move adds a generation to it, so that going back breaks nothing either.
 */
import { type Drain, type DrainPolicy, freeShift, isDrain, movedDrain } from './drain.ts';
import type { Readiness } from './drain-seen.ts';
import { type DefaultRouteState, type RouteParts, routeText } from './state.ts';

export interface DrainGoal {
  readonly best: RouteParts | undefined;
  readonly ours: RouteParts;
  readonly moves: boolean;
  readonly policy: DrainPolicy | false;
}

/** The drain after the change; null: none. What is left of a broken one is always taken away. */
export function wantedDrain(
  seen: DefaultRouteState | null,
  { best, ours, moves, policy }: DrainGoal,
): Drain | null | { readonly why: string } {
  const there = isDrain(seen?.drain) ? seen.drain : undefined;
  if (policy === false) return null;
  const to = routeText(ours);
  if (there?.generations.at(-1)?.route === to) return there;
  // A black hole carries nobody, and where there is no route there is nothing to leave behind.
  if (best === undefined || best.type !== '' || (!moves && there === undefined)) return null;
  const ready = there === undefined ? readyShift(seen?.readiness ?? null, { best, ours }) : there.shift;
  if (typeof ready !== 'number')
    return { why: `${ready.why}; or say drain: false, which breaks connections` };
  const drain = movedDrain(there, {
    from: routeText(best),
    to,
    policy,
    shift: ready,
    lastGeneration: seen?.readiness?.lastGeneration ?? there?.generations.at(-1)?.number ?? 0,
  });
  return drain ?? { why: 'this drain has moved 254 times and has no mark left; wait until it is over' };
}

/** The bits for the marks, or why the host cannot drain. Without a word of the host the step itself finds out. */
function readyShift(
  readiness: Readiness | null,
  { best, ours }: { readonly best: RouteParts; readonly ours: RouteParts },
): number | { readonly why: string } {
  if (readiness === null) return 16;
  const { trial, foreignRules, foreignMasks, strict } = readiness;
  if (trial !== 'works' && trial !== 'untried') return { why: `this host cannot drain: ${trial}` };
  if (foreignRules.length > 0) {
    const list = foreignRules.join(', ');
    return {
      why: `this host has routing rules of its own that a drain would go before (ip rule, preference ${list}); give them preferences under 7700`,
    };
  }
  if (best.device !== null && best.device !== ours.device && strict.includes(best.device)) {
    return {
      why: `rp_filter is strict on ${best.device} and would drop what comes back there after the move to ${ours.device ?? ''}; set it to 2`,
    };
  }
  return freeShift(foreignMasks) ?? { why: 'others use all bits of packet marks on this host' };
}
