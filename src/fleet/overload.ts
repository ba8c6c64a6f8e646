/** More webservers on a gateway than it can carry: told beside its pool in the file, and beside the moves in a plan. */
import { carriedWebservers, fullFill, neededAddresses, portsPerWebserver } from './carrying.ts';
import type { Fleet, Gateway } from './model.ts';

export interface Overload {
  readonly message: string;
  readonly hint: string;
}

/** How many webservers each gateway has; one that has none is not in it. */
export function webserverCounts({ assigned }: Fleet): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of assigned.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

export function overloadOf({ name, pool, spread, twin }: Gateway, count: number): Overload | undefined {
  const carried = carriedWebservers({ addresses: pool.length, spread });
  if (count <= carried) return undefined;
  const addresses = pool.length === 1 ? '1 address carries' : `${pool.length} addresses carry`;
  const needed = neededAddresses(count * portsPerWebserver, spread, fullFill);
  const more = `safe with ${needed} addresses, if all open every port to one destination`;
  const isFixed = spread === 'connection' || twin !== undefined;
  return {
    message: `${name} has ${count} webservers, and its ${addresses} ${carried} at worst`,
    hint: isFixed ? more : `${more}; more are carried with spread: connection`,
  };
}
