/** The lines of a plan: the route that moves with what its connections will do, routes behind it, a drain that ends. */
import type { Change } from '../task-type.ts';
import { type Drain, drainText, isDrain, sameDrain } from './drain.ts';
import { type DefaultRouteState, partsOf, routeText } from './state.ts';

/** The first routes are compared as one thing that moves; what stands behind them comes and goes. */
export function routeChanges(
  from: DefaultRouteState | null,
  to: DefaultRouteState | null,
): readonly Change[] {
  const [before, ...olds] = from?.routes ?? [];
  const [after, ...news] = to?.routes ?? [];
  const main = mainChange(before, after);
  return [
    ...main.map((change) => ({ ...change, ...connections(from, to) })),
    ...olds.filter((route) => !news.includes(route)).map((route) => extra('delete', route)),
    ...news.filter((route) => !olds.includes(route)).map((route) => extra('create', route)),
    ...drainChange(from, to, main.length > 0),
  ];
}

/** As a run left them: who sets a route again after a restart gives it a protocol and a metric of their own. */
export function settledRoutes(
  left: DefaultRouteState | null,
  now: DefaultRouteState | null,
): DefaultRouteState | null {
  if (left === null || now === null) return left;
  const bare = (route: string): string => routeText({ ...partsOf(route), proto: null, metric: 0 });
  const asNow = (route: string): string => now.routes.find((one) => bare(one) === bare(route)) ?? route;
  return { ...left, routes: left.routes.map(asNow) };
}

function mainChange(before: string | undefined, after: string | undefined): readonly Change[] {
  const base = { kind: 'default', name: 'route' };
  if (before === after) return [];
  if (after === undefined) return before === undefined ? [] : [{ ...base, action: 'delete', from: before }];
  if (before === undefined) return [{ ...base, action: 'create', to: after }];
  const [old, young] = [partsOf(before), partsOf(after)];
  const short = old.via !== null && routeText({ ...old, via: young.via }) === after;
  return [
    {
      ...base,
      action: 'update',
      from: short ? old.via : before,
      to: short ? (young.via ?? '') : after,
      detail: [`-default ${before}`, `+default ${after}`],
    },
  ];
}

/** A black hole carries nobody; where a drain goes on or begins nothing breaks. */
function connections(
  from: DefaultRouteState | null,
  to: DefaultRouteState | null,
): Pick<Change, 'connections'> {
  const [before] = from?.routes ?? [];
  if (before === undefined || partsOf(before).type !== '' || to === null) return {};
  const become = isDrain(to.drain) ? 'drains' : 'breaks';
  return { connections: { become, count: from?.moment.connections ?? null } };
}

function drainChange(
  from: DefaultRouteState | null,
  to: DefaultRouteState | null,
  moves: boolean,
): readonly Change[] {
  const [before, after] = [from?.drain ?? null, to?.drain ?? null];
  if (sameDrain(before, after)) return [];
  const base = { kind: 'drain', name: 'of the default route' };
  if (isDrain(before) && isDrain(after))
    return moves ? [] : [{ ...base, action: 'update', from: drainText(before), to: drainText(after) }];
  if (isDrain(after)) return moves ? [] : [{ ...base, action: 'create', to: drainText(after) }];
  if (before === null) return [];
  const was: Drain | undefined = isDrain(before) ? before : undefined;
  const count = from?.moment.old ?? null;
  return [
    {
      ...base,
      action: 'delete',
      from: was === undefined ? 'what is left of one' : drainText(was),
      ...(was === undefined || moves ? {} : { connections: { become: 'breaks', count } }),
      ...('remains' in before ? { detail: before.remains.map((line) => `-${line}`) } : {}),
    },
  ];
}

function extra(action: 'create' | 'delete', route: string): Change {
  const name = `route metric ${partsOf(route).metric}`;
  return { action, kind: 'default', name, [action === 'create' ? 'to' : 'from']: route };
}
