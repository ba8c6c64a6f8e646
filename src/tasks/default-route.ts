/**
 * The default route of a host: one, by the given next hop. The next hop is asked by the probe and not by the apply
 * script: so the plan already knows it, the guard's second look asks again right before the change, and an undo
 * never waits for a gateway that may be dead.
 */
import { type Static, Type } from '@sinclair/typebox';
import { block, type Script, sh } from '../shell/sh.ts';
import { applyRoutes, listing } from './default-route/script.ts';
import { type DefaultRouteState, partsOf, readRoute, routeText } from './default-route/state.ts';
import { wantedRoute } from './default-route/wanted.ts';
import { addressProblems, closedObject, interfaceName } from './network-args.ts';
import { failedProbe, requireTool } from './steps.ts';
import type { Change, Observation, TaskType } from './task-type.ts';
import type { Touch, WayIn } from './way-in.ts';

const drain = closedObject({
  deadline: Type.String({
    description: 'how long connections may stay on the old gateway: `90s`, `10m`, `2h`',
    pattern: '^[1-9]\\d*(s|m|h)$',
  }),
  // biome-ignore lint/suspicious/noThenProperty: it is the users' word, and nobody awaits a schema
  then: Type.Union([Type.Literal('leave'), Type.Literal('cut')], {
    description: '`leave` keeps what is left pinned to the old gateway, `cut` lets it break',
  }),
});

const schema = closedObject({
  via: Type.String({ description: 'the next hop, an address in a subnet of the host' }),
  interface: Type.Optional(interfaceName('the device, where several lead to the next hop')),
  drain: Type.Optional(
    Type.Union([Type.Literal(false), drain], {
      description: '`false`: the hard switch; else how long existing connections may stay',
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

\`drain\` is accepted, but connections do not stay on the old gateway yet: the switch is hard, and the plan says so.
The change lives in the running system; it is not yet kept over a restart.`;

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
  problems: ({ via }) => addressProblems(['via'], via),
  object: () => 'default route',
  probe,
  read,
  desired: ({ via, interface: device, drain: drains }, seen, facts) => {
    if (seen.kind === 'unknown') return { kind: 'refused', why: `the default route is unknown: ${seen.why}` };
    const goal = { via, ...(device === undefined ? {} : { interface: device }) };
    const state = seen.kind === 'present' ? seen.state : null;
    return wantedRoute({ ...goal, drains: drains !== undefined && drains !== false }, state, facts);
  },
  changes,
  apply: applyRoutes,
  boot: () => [],
  undo: 'turned',
  touches: 'reachability',
  wayIn,
};

/** busybox' ip does not print protocol and mtu, so a route could not be put back as it was. */
function probe({ via, interface: device }: DefaultRouteArgs): Script {
  return block(
    requireTool('ip', 'iproute2'),
    sh`ip -V 2>&1 | grep -q iproute2 || { echo 'ip on the host is not that of iproute2: apt install iproute2' >&2; exit 127; }`,
    sh`ip -4 route show default table main >/dev/null || exit 1`,
    sh`gwfleet_routes=$(${listing})`,
    sh`printf '%s\n' "$gwfleet_routes"`,
    sh`gwfleet_device=${device ?? ''}`,
    // `-w` so that `via 10.0.0.1` is not found in `via 10.0.0.11`.
    sh`if printf '%s\n' "$gwfleet_routes" | head -n 1 | grep -q -w -F -e ${`default via ${via}`}; then echo '~ next hop unasked'; exit 0; fi`,
    sh`[ -n "$gwfleet_device" ] || gwfleet_device=$(ip -4 route get ${via} 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)`,
    sh`case "$(ip -o link show dev "$gwfleet_device" 2>/dev/null)" in ''|*NOARP*|*LOOPBACK*|*POINTOPOINT*) echo '~ next hop unasked'; exit 0 ;; esac`,
    asked(via),
  );
}

/** By arping where it is; else the neighbour table tells after a ping, whatever became of the ping itself. */
function asked(via: string): Script {
  return sh`gwfleet_heard=silent
if command -v arping >/dev/null 2>&1; then
if arping -q -f -c 2 -w 2 -I "$gwfleet_device" ${via} >/dev/null 2>&1; then gwfleet_heard=answers; fi
elif command -v ping >/dev/null 2>&1; then
ping -c 1 -W 2 -I "$gwfleet_device" ${via} >/dev/null 2>&1
case "$(ip -4 neigh show to ${via} dev "$gwfleet_device")" in *FAILED*|*INCOMPLETE*) ;; *lladdr*) gwfleet_heard=answers ;; esac
else gwfleet_heard=unasked; fi
echo "~ next hop $gwfleet_heard"`;
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
  return { kind: 'present', state: { routes, nextHop: answer } };
}

/** Where the kernel does not tell the route that the answers ride on, one that has their next hop is taken for it. */
function wayIn(from: DefaultRouteState | null, to: DefaultRouteState | null, way: WayIn): readonly Touch[] {
  if (way.kind !== 'own' || from?.routes[0] === to?.routes[0]) return [];
  const guessed = (from?.routes ?? []).some((route) => {
    const { via, device, rest } = partsOf(route);
    return way.via !== null && ((via === way.via && device === way.interface) || rest.includes(way.via));
  });
  const rides = way.route === '' ? guessed : way.route === 'default';
  return rides ? [{ kind: 'rides', text: 'the way in rides on this route' }] : [];
}

/** The first routes are compared as one thing that moves; what stands behind them comes and goes. */
function changes(from: DefaultRouteState | null, to: DefaultRouteState | null): readonly Change[] {
  const [before, ...olds] = from?.routes ?? [];
  const [after, ...news] = to?.routes ?? [];
  return [
    ...mainChange(before, after),
    ...olds.filter((route) => !news.includes(route)).map((route) => extra('delete', route)),
    ...news.filter((route) => !olds.includes(route)).map((route) => extra('create', route)),
  ];
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

function extra(action: 'create' | 'delete', route: string): Change {
  const name = `route metric ${partsOf(route).metric}`;
  return { action, kind: 'default', name, [action === 'create' ? 'to' : 'from']: route };
}
