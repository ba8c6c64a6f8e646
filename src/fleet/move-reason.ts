/**
 * Why webservers change their gateway, from where they leave now and what the inventory says: somebody joined, is
 * draining, is gone. Equal reasons are equal texts, so that a plan folds them into one line.
 */
import type { Fleet, GatewayState } from './model.ts';
import { overloadOf, webserverCounts } from './overload.ts';

/** What is to be known of a fleet to say why. Plain data: it is saved with a plan. */
export interface MoveGround {
  readonly gateways: readonly {
    readonly name: string;
    readonly address: string;
    readonly state: GatewayState;
  }[];
  /** Webservers whose gateway the user named. */
  readonly pinned: readonly string[];
  /** Next hop of a gateway that gets more webservers than it can carry -> how many, and what it carries. */
  readonly overloads?: Readonly<Record<string, string>>;
}

/** One webserver's way out; `from` is the next hop of its live default route. */
export interface Leaving {
  readonly webserver: string;
  readonly from: string | undefined;
  readonly to: string;
}

export function moveGround(fleet: Fleet): MoveGround {
  const { gateways, webservers } = fleet;
  return {
    gateways: [...gateways.values()].flatMap(({ name, state, internalAddress: address }) =>
      address === undefined ? [] : [{ name, state, address }],
    ),
    pinned: [...webservers.values()].flatMap(({ name, pinned }) => (pinned === undefined ? [] : [name])),
    overloads: overloadsOf(fleet),
  };
}

function overloadsOf(fleet: Fleet): Readonly<Record<string, string>> {
  const counts = webserverCounts(fleet);
  return Object.fromEntries(
    [...fleet.gateways.values()].flatMap((gateway) => {
      const { message, hint } = overloadOf(gateway, counts.get(gateway.name) ?? 0) ?? {};
      const { internalAddress } = gateway;
      return message === undefined || internalAddress === undefined
        ? []
        : [[internalAddress, `${message}; ${hint}`] as const];
    }),
  );
}

/** Webserver -> why it moves, for those that do. `all` is every webserver that was looked at. */
export function moveReasons(all: readonly Leaving[], ground: MoveGround): ReadonlyMap<string, string> {
  const carrying = new Set(all.map(({ from }) => from));
  const moves = all.filter(({ from, to }) => from !== to);
  const known = {
    carrying,
    gateways: new Map(ground.gateways.toReversed().map((one) => [one.address, one])),
    pinned: new Set(ground.pinned),
  };
  const reasons = new Map(moves.map((one) => [one.webserver, reasonOf(one, known)]));
  const counts = new Map<string, number>();
  for (const reason of reasons.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return new Map(
    [...reasons].map(([name, reason]) => [name, `${reason}: ${counted(counts.get(reason) ?? 0)}`]),
  );
}

interface Known {
  readonly carrying: ReadonlySet<string | undefined>;
  readonly gateways: ReadonlyMap<string | undefined, MoveGround['gateways'][number]>;
  readonly pinned: ReadonlySet<string>;
}

function reasonOf({ webserver, from, to }: Leaving, { carrying, gateways, pinned }: Known): string {
  const old = gateways.get(from);
  const young = gateways.get(to)?.name ?? to;
  if (from === undefined) return `no way out yet, ${young} from now on`;
  if (old === undefined) return `${from} is no gateway of the inventory`;
  if (old.state !== 'active') return `${old.name} is ${old.state}`;
  if (pinned.has(webserver)) return `pinned to ${young}`;
  return carrying.has(to) ? `shares follow the pools, from ${old.name} to ${young}` : `${young} joined`;
}

function counted(moves: number): string {
  return moves === 1 ? '1 moves' : `${moves} move`;
}
