/**
 * What a failover does, as plays: the dead gateway lets go of its addresses if it can still be asked, its twin takes
 * them, then the webservers move. In this order no address is ever at two hosts that know of each other, and whoever
 * moves finds the rules that map its connections as before.
 */
import { carriedBy, moversOf } from '../../fleet/movers.ts';
import type { Wish } from '../../inventory/edit.ts';
import type { PlayRequest } from '../../run/plan-fleet.ts';
import type { Request } from '../request.ts';
import { UsageError } from '../usage.ts';
import { type Ground, gatewayIn } from './ground.ts';
import { stateWish } from './leaving.ts';
import { gatewayPlays, movePlays } from './roll-request.ts';
import type { RollingFlags } from './rolling.ts';

export interface FailoverFlags extends RollingFlags {
  readonly force?: true;
  /** False: the webservers go to other gateways, and their connections are lost. */
  readonly twin: boolean;
}

export interface Takeover {
  readonly name: string;
  /** Who takes its addresses; undefined: nobody. */
  readonly twin: string | undefined;
  readonly movers: readonly string[];
  /** Webservers that the inventory has elsewhere; moved if one of them leaves through it all the same. */
  readonly others: readonly string[];
  readonly wishes: readonly Wish[];
  /** The inventory says all of that already. */
  readonly isDone: boolean;
}

/** Throws UsageError where there is nobody to go to. */
export function takeoverOf(ground: Ground, flags: FailoverFlags): Takeover {
  const { name, fleet } = ground;
  const own = gatewayIn(ground);
  const partner = own.twin === undefined ? undefined : fleet.gateways.get(own.twin);
  const twin = flags.twin ? partner : undefined;
  const isElsewhere = [...fleet.gateways.values()].some(
    (one) => one.name !== name && one.state === 'active' && (flags.twin || one.name !== partner?.name),
  );
  if (twin === undefined && !isElsewhere)
    throw new UsageError(
      `there is no other active gateway to take over from ${name}`,
      'add one first: gwfleet gateway add',
    );
  const movers = twin === undefined ? moversOf(fleet, name) : carriedBy(fleet, name);
  return {
    name,
    twin: twin?.name,
    movers,
    others: [...fleet.webservers.keys()].filter((web) => !movers.includes(web)),
    wishes: [
      ...(own.state === 'standby' ? [] : [stateWish(name, 'standby')]),
      ...(twin === undefined || twin.state === 'active' ? [] : [stateWish(twin.name, 'active')]),
    ],
    isDone: own.state === 'standby' && (twin === undefined || twin.state === 'active'),
  };
}

export function failoverPlays(
  whole: Request,
  { name, twin, movers, others }: Takeover,
): readonly PlayRequest[] {
  const rolling = { serial: [{ count: 0 }], canary: null, soakSeconds: 0 };
  const moves = movePlays(whole, {
    webservers: movers,
    others,
    drain: false,
    probes: 'left out',
    rolling: () => rolling,
  });
  return twin === undefined ? moves : [...lettingGo(whole, name), ...gatewayPlays(whole, twin), ...moves];
}

/** Whoever is dead is not waited for. */
function lettingGo(whole: Request, name: string): readonly PlayRequest[] {
  return gatewayPlays(whole, name).flatMap((play) => {
    const tasks = (play.tasks.get(name) ?? []).filter(({ absent }) => absent === true);
    if (tasks.length === 0) return [];
    const own = { name: `${name} lets go of its addresses`, pattern: name, absence: 'borne' } as const;
    return [{ ...play, ...own, tasks: new Map([[name, tasks]]) }];
  });
}
