/** More webservers on a gateway than it can carry: told beside its pool in the file, and beside the moves in a plan. */
import { carriedWebservers, fullFill, neededAddresses, portsPerWebserver } from './carrying.ts';
import type { Fleet, Gateway } from './model.ts';

export interface Overload {
  readonly message: string;
  readonly hint: string;
}

export function overloadOf({ name, pool, spread, twin }: Gateway, fleet: Fleet): Overload | undefined {
  const count = [...fleet.assigned.values()].filter((gateway) => gateway === name).length;
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
