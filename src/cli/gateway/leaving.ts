/**
 * A gateway that goes: the inventory says `draining`, its webservers move and keep their old connections on it, the
 * gateway itself says when the last has ended, and only then is it let go. Shared by `gateway drain` and `remove`.
 * A kill -9 at any moment leaves `draining` in the file, and the same command carries on.
 */
import { moversOf } from '../../fleet/movers.ts';
import type { Wish } from '../../inventory/edit.ts';
import type { RunContext } from '../../run/context.ts';
import { carriedText, waitUntilEmpty } from '../../run/gateway-count.ts';
import type { Standing } from '../../run/interlude.ts';
import { withWishes, writeWish } from '../inventory-write.ts';
import { type Request, readRequest } from '../request.ts';
import { UsageError } from '../usage.ts';
import { gatewayIn, readGround, settingsOf } from './ground.ts';
import { type DrainWord, movePlays } from './roll-request.ts';
import { type DrainFlags, type RollingFlags, rollingOf } from './rolling.ts';

export interface LeaveFlags extends RollingFlags, DrainFlags {}

export interface Leaving {
  readonly path: string;
  readonly name: string;
  readonly flags: LeaveFlags;
  /** The webservers that the inventory moves. */
  readonly movers: readonly string[];
  /** Those of them that may leave through it now. */
  readonly carried: readonly string[];
  readonly request: (becomePassword?: string) => Request;
}

/** Throws UsageError where nobody would be left to leave through. */
export function leavingOf(
  path: string,
  name: string,
  { flags, drain }: { readonly flags: LeaveFlags; readonly drain: DrainWord },
): Leaving {
  const before = readGround(path, name, flags);
  const { state, internalAddress } = gatewayIn(before);
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
    movers,
    carried: state === 'standby' ? [] : movers,
    request: (becomePassword) => {
      const whole = readRequest(path, flags, { becomePassword, files });
      const plays = movePlays(whole, {
        webservers: movers,
        others: [...before.fleet.webservers.keys()].filter((web) => !movers.includes(web)),
        drain: drain === false ? false : { ...drain, from: internalAddress },
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

/** Undefined once the gateway may be let go; else why not: somebody leaves through it, or may do so. */
export async function letGo(
  { path, name, flags, carried: those }: Leaving,
  { fine, draining }: Standing,
  context: RunContext,
): Promise<string | undefined> {
  const stays = `${name} stays draining, the same command carries on`;
  const behind = those.filter((webserver) => !fine.has(webserver));
  if (behind.length > 0)
    return `${behind.join(' ')} did not move and may still leave through ${name}; ${stays}, also when they are out of ${path}`;
  const { internalNetwork, internalAddress } = settingsOf(gatewayIn(readGround(path, name, flags)));
  const pinned = draining.filter((drain) => drain.draining.gateways.includes(internalAddress));
  const untilMs = context.nowMs() + (flags.then === 'cut' || pinned.length > 0 ? 0 : 5000);
  const carried = await waitUntilEmpty({ gateway: name, internalNetwork, untilMs }, context);
  if (typeof carried === 'string') return `${carried}; ${stays}`;
  if (pinned.length > 0)
    return `connections of ${pinned.map(({ host }) => host).join(' ')} stay pinned, and ${name} carries ${carriedText(carried)}; ${stays}`;
  if (carried.connections === 0) return undefined;
  if (flags.then === 'leave')
    return `${name} still carries ${carriedText(carried)} after the deadline; ${stays}`;
  context.emit({ type: 'note', message: `${name} is let go with ${carriedText(carried)}: these break` });
  return undefined;
}
