/** What `gateway add` will write into the inventory: that the gateway stands there, and that it is active. */
import type { Wish } from '../../inventory/edit.ts';
import { didYouMean } from '../../source/did-you-mean.ts';
import { UsageError } from '../usage.ts';
import type { Ground } from './ground.ts';
import type { DrainFlags, RollingFlags } from './rolling.ts';

export interface AddFlags extends RollingFlags, Partial<DrainFlags> {
  readonly address?: string;
  readonly pool?: string;
}

export interface Addition {
  /** Before anything is touched; empty when it stands there. */
  readonly standing: readonly Wish[];
  /** Once it is proven. */
  readonly activating: Wish;
}

export function additionOf({ path, name, inventory, fleet }: Ground, flags: AddFlags): Addition {
  const activating: Wish = { kind: 'set', host: name, variable: 'gateway_state', value: 'active' };
  const known = fleet.gateways.has(name);
  const { address, pool } = flags;
  if (known && (address !== undefined || pool !== undefined))
    throw new UsageError(
      `${name} stands in ${path} already`,
      'leave --address and --pool away, or change the file',
    );
  if (known) return { standing: [], activating };
  if (pool === undefined || (address === undefined && !inventory.hosts.has(name))) {
    const nearest = didYouMean(name, [...fleet.gateways.keys()]);
    throw new UsageError(
      `${path} has no gateway '${name}'`,
      `${nearest === undefined ? '' : `${nearest} `}a new one needs its address and pool: --address 10.0.0.3 --pool 203.0.113.30-203.0.113.35`,
    );
  }
  const parts = pool.split(',').map((part) => part.trim());
  const variables = {
    ...(address === undefined ? {} : { ansible_host: address }),
    snat_pool: parts.length === 1 ? pool.trim() : parts,
    gateway_state: 'standby',
  };
  return { standing: [{ kind: 'add', host: name, group: 'gateways', variables }], activating };
}
