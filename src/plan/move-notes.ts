/**
 * Beside each default route that moves: why, whether its new gateway can carry it, and what a twin keeps alive. The
 * reasons need all webservers of a play, so they come after the plan.
 */
import { type Leaving, type MoveGround, moveReasons } from '../fleet/move-reason.ts';
import { partsOf } from '../tasks/default-route/state.ts';
import type { Json, Note } from '../tasks/task-type.ts';
import type { HostPlan, PlayPlan, TaskPlan } from './plan.ts';

export function withMoveReasons(play: PlayPlan, ground: MoveGround): PlayPlan {
  const leavings = play.hosts.flatMap((host) => {
    const task = routeOf(host);
    return task === undefined
      ? []
      : [{ webserver: host.host, from: viaOf(task.from), to: viaOf(task.to) ?? '' }];
  });
  if (leavings.length === 0) return play;
  const reasons = moveReasons(leavings satisfies readonly Leaving[], ground);
  return { ...play, hosts: play.hosts.map((host) => withReason(host, reasons.get(host.host), ground)) };
}

function withReason(host: HostPlan, reason: string | undefined, { overloads }: MoveGround): HostPlan {
  const route = routeOf(host);
  if (host.kind !== 'planned' || reason === undefined || route === undefined) return host;
  const overload = overloads?.[viaOf(route.to) ?? ''];
  const notes: readonly Note[] = [
    { level: 'info', text: reason },
    ...(overload === undefined ? [] : [{ level: 'warning', text: overload } as const]),
    ...route.notes,
  ];
  const tasks = host.tasks.map((task) => (task === route ? { ...kept(task), notes } : task));
  return { ...host, tasks };
}

/** What leaves by a gateway whose twin has taken its addresses goes on. */
function kept(task: TaskPlan): TaskPlan {
  const { twin } = task.args as { readonly twin?: string };
  if (twin === undefined || viaOf(task.from) !== twin) return task;
  const changes = task.changes.map((change) =>
    change.connections?.become === 'breaks'
      ? { ...change, connections: { ...change.connections, become: 'keeps' as const } }
      : change,
  );
  return { ...task, changes };
}

function routeOf(host: HostPlan): TaskPlan | undefined {
  return host.kind === 'planned' ? host.tasks.find(({ type }) => type === 'default_route') : undefined;
}

/** The next hop of the best route in a state of `default_route`. */
function viaOf(state: Json): string | undefined {
  if (typeof state !== 'object' || state === null || !('routes' in state)) return undefined;
  const [best] = state['routes'] as readonly string[];
  return best === undefined ? undefined : (partsOf(best).via ?? undefined);
}
