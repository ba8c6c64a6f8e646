/** Fill of addresses and table, and from where on it is a reason to act. */
import { portsPerAddress } from '../address/pool-size.ts';
import { alarmFill, fullFill } from '../fleet/carrying.ts';
import type { Fill, GatewayStatus, Level, PoolAddress } from './model.ts';
import type { FillSeen, GatewaySeen } from './seen.ts';

const tableShares = { warning: 0.7, alarm: 0.85 };

export function levelOf(share: number, { warning, alarm }: { warning: number; alarm: number }): Level {
  if (share >= alarm) return 'alarm';
  return share >= warning ? 'warning' : 'ok';
}

export function worse(one: Level, other: Level): Level {
  const order: readonly Level[] = ['ok', 'warning', 'alarm'];
  return order.indexOf(one) < order.indexOf(other) ? other : one;
}

export function tableStatus({ table }: GatewaySeen): GatewayStatus['table'] {
  if (table === null || table.max === 0) return null;
  const share = table.entries / table.max;
  return { ...table, share, level: levelOf(share, tableShares) };
}

export interface PoolOrder {
  readonly pool: readonly string[];
  /** The kernel gives ports of closed connections to new ones. */
  readonly reuses: boolean;
}

/** Every address of the pool, then those that left it and still carry connections. */
export function poolStatus(
  { addresses, fills }: GatewaySeen,
  { pool, reuses }: PoolOrder,
): readonly PoolAddress[] {
  const own = new Set(pool);
  const leaving = addresses.map(({ address }) => address).filter((address) => !own.has(address));
  return [...pool, ...leaving.toSorted()].map((address): PoolAddress => {
    const seen = addresses.find((one) => one.address === address);
    const mine = fills.filter((fill) => fill.address === address).map((fill) => fillOf(fill, reuses));
    const sorted = mine.toSorted((a, b) => b.entries - a.entries);
    return {
      address,
      state: own.has(address) ? 'pool' : 'leaving',
      entries: seen?.entries ?? 0,
      closed: seen?.closed ?? 0,
      busiest: sorted[0] ?? null,
      fills: sorted,
    };
  });
}

function fillOf({ protocol, destination, port, entries, closed }: FillSeen, reuses: boolean): Fill {
  const held = reuses ? entries - closed : entries;
  return {
    ...{ protocol, destination, port, entries, closed },
    share: entries / portsPerAddress,
    level: levelOf(held / portsPerAddress, { warning: alarmFill, alarm: fullFill }),
  };
}
