/**
 * The default route of a host: one, by the given next hop. The next hop is asked by the probe and not by the apply
 * script: so the plan already knows it, the guard's second look asks again right before the change, and an undo
 * never waits for a gateway that may be dead. The scripts and the drain are in `default-route/`.
 */
import { type Static, Type } from '@sinclair/typebox';
import { parseAddress } from '../address/ipv4.ts';
import { block, nothing, type Script } from '../shell/sh.ts';
import { bootOf, withBoot } from './default-route/boot.ts';
import {
  type DrainPolicy,
  drainInterfaces,
  isDrain,
  leftGateways,
  sameDrain,
} from './default-route/drain.ts';
import { beginDrain, endDrain, warmUpSeconds } from './default-route/drain-script.ts';
import { readDrain, readReadiness } from './default-route/drain-seen.ts';
import { routeChanges, settledRoutes } from './default-route/lines.ts';
import { noMoment, readMoment } from './default-route/moment.ts';
import { routeProbe } from './default-route/probe.ts';
import { applyRoutes } from './default-route/script.ts';
import { type DefaultRouteState, partsOf, readRoute, routeText } from './default-route/state.ts';
import { wantedRoute } from './default-route/wanted.ts';
import { addressProblems, closedObject, interfaceName } from './network-args.ts';
import { failedProbe } from './steps.ts';
import type { Draining, Observation, TaskType } from './task-type.ts';
import type { Touch, WayIn } from './way-in.ts';

const drain = closedObject({
  deadline: Type.Optional(
    Type.String({
      description: 'how long connections may stay on the old gateway: `90s`, `10m`, `2h`; by default `10m`',
      pattern: '^[1-9]\\d{0,6}(s|m|h)$',
    }),
  ),
  // biome-ignore lint/suspicious/noThenProperty: it is the users' word, and nobody awaits a schema
  then: Type.Optional(
    Type.Union([Type.Literal('leave'), Type.Literal('cut')], {
      description: '`leave` (the default) keeps what is left pinned to the old gateway, `cut` lets it break',
    }),
  ),
});

const schema = closedObject({
  via: Type.String({ description: 'the next hop, an address in a subnet of the host' }),
  interface: Type.Optional(interfaceName('the device, where several lead to the next hop')),
  twin: Type.Optional(
    Type.String({
      description:
        'the next hop whose addresses and connections `via` has taken over: who leaves by it moves at once, nothing breaks',
    }),
  ),
  drain: Type.Optional(
    Type.Union([Type.Boolean(), drain], {
      description:
        '`false`: the hard switch; else how long existing connections may stay; by default 10 minutes',
    }),
  ),
});

export type DefaultRouteArgs = Static<typeof schema>;

const doc = `Exactly one way out: the best default route of the main table is replaced by one via the given next hop.
Metric, protocol, source address, mtu and whatever else it carried stay as they were; a source address that is not
on the interface is dropped. There is no moment without a route. Further default routes of the same device, or of the
same or a lower metric, are deleted afterwards; one with a higher metric by another device is a backup and stays.

Before the switch the next hop is asked by ARP: one that nobody answers for is refused, because the kernel would take
it without a word. A next hop in no subnet of the host is refused, too.

A live route that moves is drained: connections that exist stay on the old gateway, new ones take the new one. It is
done with packet marks (chain GWFLEET-DRAIN in the mangle table, routing rules and tables 7700 to 7955, which belong
to gwfleet); routes that are more special than the default route are not touched by it. The move is guarded and
confirmed like every change; then the run waits until the old gateway counts no connection of the host any more, and
takes all of it away again. At the deadline \`leave\` keeps what is left where it is, for the next apply to carry on,
and \`cut\` lets it break. A move back, or on, while a drain is under way breaks nothing either. Answers to connections
that came in from outside stay on the old gateway until the end. \`drain: false\` is the hard switch, and ends a drain.
So is a move away from \`twin\`, a gateway whose pool addresses the new one has taken over (\`spread: hash\`): live
connections go on by the new one, and would hang if they were kept on the old one.

Where nothing on the host has used conntrack before and datagram sockets are open, it looks at the traffic for
three seconds before the move, because a datagram flow that it has never seen would count as new.

Over a restart the new route is kept in the words of whoever owns the interface (see \`aliases\`); a drain is not.`;

export const defaultRoute: TaskType<DefaultRouteArgs, DefaultRouteState> = {
  name: 'default_route',
  summary: 'The default route leads to one next hop and nowhere else',
  doc,
  examples: [
    {
      title: 'Leave through the gateway of the inventory',
      // biome-ignore lint/suspicious/noThenProperty: the users' word again
      args: { via: '10.0.0.1', drain: { deadline: '10m', then: 'leave' } },
    },
    { title: 'A hard switch on one device', args: { via: '10.0.0.2', interface: 'eth0', drain: false } },
  ],
  schema: Type.Unsafe<DefaultRouteArgs>(schema),
  problems: ({ via, twin }) => [
    ...addressProblems(['via'], via),
    ...(twin === undefined ? [] : addressProblems(['twin'], twin)),
  ],
  object: () => 'default route',
  probe: ({ via, interface: device, drain: drains }) =>
    routeProbe({ via, device: device ?? '', drains: drains !== false }),
  roads: ({ via, interface: device }) => (device === undefined ? [via] : []),
  read,
  desired: ({ via, interface: device, twin, drain: drains }, seen, facts) => {
    if (seen.kind === 'unknown') return { kind: 'refused', why: `the default route is unknown: ${seen.why}` };
    const goal = { via, ...(device === undefined ? {} : { interface: device }) };
    const state = seen.kind === 'present' ? seen.state : null;
    const policy = takenOver(state, twin) ? false : policyOf(drains);
    return withBoot(wantedRoute({ ...goal, drain: policy }, state, facts), facts);
  },
  changes: routeChanges,
  apply,
  boot: (to, facts, from) => bootOf(to, facts, from ?? null),
  bootName: () => 'gwfleet-default-route-',
  undo: 'turned',
  settled: settledRoutes,
  // Before a route goes back, its old next hop is asked, as the new one was asked before it came.
  argsBack: (args, to) => ({ ...args, ...nextHopOf(to) }),
  refusesBack: (seen, to) => {
    const hop = nextHopOf(to);
    return hop === undefined || seen?.nextHop !== 'silent'
      ? undefined
      : `nobody answers for the old next hop ${hop.via} on ${hop.interface}; the default route stays where it is`;
  },
  touches: 'reachability',
  waitsSeconds: (_from, to) => (isDrain(to?.drain) ? warmUpSeconds : 0),
  draining,
  wayIn,
};

/** Its connections go on by the new next hop, and only by that one: held back they would hang. */
function takenOver(seen: DefaultRouteState | null, twin: string | undefined): boolean {
  const [best] = seen?.routes ?? [];
  return twin !== undefined && best !== undefined && partsOf(best).via === twin;
}

const defaultPolicy: DrainPolicy = { deadlineSeconds: 600, atDeadline: 'leave' };
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function policyOf(drains: DefaultRouteArgs['drain']): DrainPolicy | false {
  if (drains === false) return false;
  if (drains === undefined || drains === true) return defaultPolicy;
  const [, amount, unit] = /^(\d+)([smh])$/.exec(drains.deadline ?? '') ?? [];
  return {
    deadlineSeconds:
      amount === undefined ? defaultPolicy.deadlineSeconds : Number(amount) * (unitSeconds[unit ?? 's'] ?? 1),
    atDeadline: drains.then ?? 'leave',
  };
}

/** Of the first route; undefined where it leads to none, or to several. */
export function nextHopOf(
  state: DefaultRouteState | null,
): { readonly via: string; readonly interface: string } | undefined {
  const [first] = state?.routes ?? [];
  if (first === undefined) return undefined;
  const { via, device } = partsOf(first);
  return via === null || device === null || parseAddress(via) === undefined
    ? undefined
    : { via, interface: device };
}

/** A drain begins before the route moves, and ends after it has moved back: no connection is ever between. */
function apply(from: DefaultRouteState | null, to: DefaultRouteState | null): Script {
  const [before, after] = [from?.drain ?? null, to?.drain ?? null];
  const same = sameDrain(before, after);
  return block(
    same || !isDrain(after) ? nothing : beginDrain(after),
    applyRoutes(from, to),
    same || isDrain(after) ? nothing : endDrain(isDrain(before) ? before.shift : undefined),
  );
}

function draining({
  drain: there,
  moment,
  ...state
}: DefaultRouteState): Draining<DefaultRouteState> | undefined {
  if (!isDrain(there)) return undefined;
  return {
    gateways: leftGateways(there),
    interfaces: drainInterfaces(there),
    deadlineSeconds: there.deadlineSeconds,
    atDeadline: there.atDeadline,
    elapsedSeconds: moment.elapsed,
    connections: moment.old,
    over: { ...state, drain: null, moment: noMoment },
  };
}

function read(output: { code: number; stdout: string; stderr: string }): Observation<DefaultRouteState> {
  if (output.code !== 0) return failedProbe(output);
  const answer = /^~ next hop (answers|silent|unasked)$/m.exec(output.stdout)?.[1];
  if (answer !== 'answers' && answer !== 'silent' && answer !== 'unasked')
    return { kind: 'unknown', why: 'the default route could not be read to its end' };
  const routes = output.stdout.split('\n').flatMap((line) => {
    const parts = readRoute(line);
    return parts === undefined ? [] : [routeText(parts)];
  });
  return {
    kind: 'present',
    state: {
      routes,
      nextHop: answer,
      drain: readDrain(output.stdout),
      readiness: readReadiness(output.stdout),
      moment: readMoment(output.stderr),
    },
  };
}

/** Where the kernel does not tell the route that the answers ride on, one that has their next hop is taken for it. */
function wayIn(from: DefaultRouteState | null, to: DefaultRouteState | null, way: WayIn): readonly Touch[] {
  const drains = !sameDrain(from?.drain ?? null, to?.drain ?? null);
  if (way.kind !== 'own' || (from?.routes[0] === to?.routes[0] && !drains)) return [];
  const guessed = (from?.routes ?? []).some((route) => {
    const { via, device, rest } = partsOf(route);
    return way.via !== null && ((via === way.via && device === way.interface) || rest.includes(way.via));
  });
  const rides = way.route === '' ? guessed : way.route === 'default';
  return rides ? [{ kind: 'rides', text: 'the way in rides on this route' }] : [];
}
