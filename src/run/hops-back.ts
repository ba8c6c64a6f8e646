/**
 * Before webservers go back to an old next hop: does it still forward? Those that go back look through it at their
 * probes. What a reader gets wrong: nobody who reaches nothing through the present next hop either is kept from going
 * back; then it is the outside that is silent, or the present one is no better.
 */
import type { PlayPlan } from '../plan/plan.ts';
import type { DefaultRouteState } from '../tasks/default-route/state.ts';
import { nextHopOf } from '../tasks/default-route.ts';
import type { RunContext } from './context.ts';
import { gatewayLife } from './gateway-alive.ts';
import type { Canary } from './gateway-proof.ts';

/** More would not know better. */
const witnesses = 3;

interface Return {
  readonly host: string;
  readonly now: string | undefined;
  readonly back: string;
}

/** Why the play must not begin; undefined: it may. `lookouts` are the hosts that have probes. */
export async function hopsBackFault(
  play: PlayPlan,
  lookouts: readonly Canary[],
  context: RunContext,
): Promise<string | undefined> {
  const returns = returnsOf(play);
  for (const back of new Set(returns.map((one) => one.back))) {
    const own = returns.filter((one) => one.back === back);
    const looking = lookouts.filter(({ name }) => own.some(({ host }) => host === name)).slice(0, witnesses);
    const why = looking.length === 0 ? undefined : await faultOf(back, { own, looking }, context);
    if (why !== undefined) return why;
  }
  return undefined;
}

async function faultOf(
  back: string,
  { own, looking }: { readonly own: readonly Return[]; readonly looking: readonly Canary[] },
  context: RunContext,
): Promise<string | undefined> {
  const called = (hop: string): string => `${context.gateways.get(hop) ?? 'the next hop'} (${hop})`;
  const life = await gatewayLife(back, looking, context);
  if (life.kind === 'alive') return undefined;
  const silent =
    life.kind === 'dead'
      ? `${life.by.join(' ')} ${life.by.length === 1 ? 'reaches' : 'reach'} no probe through ${called(back)}`
      : `whether ${called(back)} still forwards is not known (${life.why})`;
  const present = own.find(({ host, now }) => now !== undefined && looking.some(({ name }) => name === host));
  const other = present?.now === undefined ? undefined : await gatewayLife(present.now, looking, context);
  if (life.kind === 'dead' && other?.kind === 'alive')
    return `${silent}, the old next hop; nobody goes back to it. Bring it up and type the same again`;
  context.emit({ type: 'note', message: `${silent}; they go back all the same` });
  return undefined;
}

function returnsOf({ hosts }: PlayPlan): readonly Return[] {
  return hosts.flatMap((plan) => {
    if (plan.kind !== 'planned') return [];
    return plan.tasks.flatMap(({ type, changes, from, to }) => {
      if (type !== 'default_route' || changes.length === 0) return [];
      const [now, back] = [from, to].map((state) => nextHopOf(state as DefaultRouteState | null)?.via);
      return back === undefined || back === now ? [] : [{ host: plan.host, now, back }];
    });
  });
}
