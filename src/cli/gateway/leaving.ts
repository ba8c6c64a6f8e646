/**
 * A gateway that goes: the inventory says `draining`, its webservers move and keep their old connections on it, the
 * gateway itself says when the last has ended, and only then is it let go. Shared by `gateway drain` and `remove`.
 * A kill -9 at any moment leaves `draining` in the file, and the same command carries on.
 */
import { moversOf } from '../../fleet/movers.ts';
import type { Wish } from '../../inventory/edit.ts';
import type { RunContext } from '../../run/context.ts';
import { carriedText, waitUntilEmpty } from '../../run/gateway-count.ts';
import type { Json } from '../../tasks/task-type.ts';
import { withWishes, writeWish } from '../inventory-write.ts';
import { type Request, readRequest } from '../request.ts';
import { UsageError } from '../usage.ts';
import { gatewayIn, readGround, settingsOf } from './ground.ts';
import { movePlays } from './roll-request.ts';
import { type RollingFlags, rollingOf } from './rolling.ts';

export interface LeaveFlags extends RollingFlags {
  /** Seconds that live connections may stay. */
  readonly deadline: number;
  readonly then: 'leave' | 'cut';
}

export interface Leaving {
  readonly path: string;
  readonly name: string;
  readonly flags: LeaveFlags;
  /** How many webservers the inventory moves. */
  readonly movers: number;
  readonly request: (becomePassword?: string) => Request;
}

/** Throws UsageError where nobody would be left to leave through. */
export function leavingOf(
  path: string,
  name: string,
  { flags, drain }: { readonly flags: LeaveFlags; readonly drain: Json },
): Leaving {
  const before = readGround(path, name, flags);
  gatewayIn(before);
  const others = [...before.fleet.gateways.values()].filter(
    (gateway) => gateway.name !== name && gateway.state === 'active',
  );
  if (others.length === 0 && before.fleet.webservers.size > 0)
    throw new UsageError(
      `${name} is the last active gateway, and ${before.fleet.webservers.size} webservers leave through it`,
      'add another one first: gwfleet gateway add; or, when they are to lose their way out: gateway remove --last-gateway',
    );
  const files = withWishes(path, [stateWish(name, 'draining')]);
  const movers = moversOf(before.fleet, name);
  return {
    path,
    name,
    flags,
    movers: movers.length,
    request: (becomePassword) => {
      const whole = readRequest(path, flags, { becomePassword, files });
      const plays = movePlays(whole, {
        webservers: movers,
        others: [...before.fleet.webservers.keys()].filter((web) => !movers.includes(web)),
        drain,
        rolling: (index) => rollingOf(whole.playbook?.plays[index], flags),
      });
      if (plays.length === 0 && before.fleet.webservers.size > 0)
        throw new UsageError(
          `${whole.fleet.playbook} has no default_route for webservers, so nobody can move`,
        );
      return { ...whole, fleet: { ...whole.fleet, plays } };
    },
  };
}

/** What becomes of live connections, as `default_route` takes it. */
export function drainOf({ deadline, then }: LeaveFlags): Json {
  return { deadline: `${deadline}s`, then };
}

export function stateWish(host: string, value: string): Wish {
  return { kind: 'set', host, variable: 'gateway_state', value };
}

export function writeState(
  { path, name }: Pick<Leaving, 'path' | 'name'>,
  value: string,
  context: RunContext,
): void {
  writeWish(path, stateWish(name, value));
  context.emit({ type: 'note', message: `${name} stands as ${value} in ${path}` });
}

/** Undefined once the gateway may be let go; else why not. */
export async function letGo(
  { path, name, flags }: Leaving,
  context: RunContext,
): Promise<string | undefined> {
  const { internalNetwork } = settingsOf(gatewayIn(readGround(path, name, flags)));
  const untilMs = context.nowMs() + (flags.then === 'cut' ? 0 : 5000);
  const carried = await waitUntilEmpty({ gateway: name, internalNetwork, untilMs }, context);
  if (typeof carried === 'string') return `${carried}; ${name} stays draining, the same command carries on`;
  if (carried.connections === 0) return undefined;
  if (flags.then === 'leave')
    return `${name} still carries ${carriedText(carried)} after the deadline; it stays draining, the same command carries on`;
  context.emit({ type: 'note', message: `${name} is let go with ${carriedText(carried)}: these break` });
  return undefined;
}
