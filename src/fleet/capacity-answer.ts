/** Everything that `gwfleet capacity` says, as data: the shape of its --json, additive only within a version. */
import {
  activeOf,
  type Carriers,
  carriersOf,
  type GatewayCapacity,
  gatewayCapacities,
  type Loss,
  totalConnections,
  worstLoss,
} from './capacity.ts';
import { type Improvement, improvements } from './capacity-change.ts';
import { type Need, needOf, type Wish } from './capacity-need.ts';
import { type Rates, ratesOf } from './capacity-rate.ts';
import type { Fleet } from './model.ts';

/** What a person may ask; the rest is as the fleet is. */
type Question = Partial<Omit<Wish, 'spread' | 'present'>>;

export interface CapacityOrder {
  readonly memoryBytes?: number;
  readonly wish?: Question;
}

export interface CapacityAnswer {
  /** Connections at once to one destination. */
  readonly connections: number;
  readonly webservers: number;
  readonly gateways: readonly GatewayCapacity[];
  readonly loss: Loss | null;
  readonly rates: Rates;
  readonly improvements: readonly Improvement[];
  readonly need: { readonly newKernel: Need; readonly oldKernel: Need } | null;
}

export function capacityAnswer(fleet: Fleet, order: CapacityOrder): CapacityAnswer {
  const carriers = carriersOf(fleet, order.memoryBytes);
  return {
    connections: totalConnections(carriers),
    webservers: fleet.webservers.size,
    gateways: gatewayCapacities(carriers),
    loss: worstLoss(carriers) ?? null,
    rates: ratesOf(carriers),
    improvements: improvements(carriers),
    need: order.wish === undefined ? null : needs(order.wish, carriers),
  };
}

/** What the question leaves out is taken from the fleet as it is. */
function needs(wish: Question, carriers: Carriers): CapacityAnswer['need'] {
  const model = usualGateway(carriers);
  const whole: Wish = {
    webservers:
      wish.webservers ?? carriers.free + carriers.gateways.reduce((sum, { pinned }) => sum + pinned, 0),
    connections: wish.connections ?? carriers.portsPerWebserver,
    rate: wish.rate ?? 0,
    addressesPerGateway: wish.addressesPerGateway ?? model.addresses,
    spread: model.spread,
    present: activeOf(carriers).map(({ addresses, spread }) => ({ addresses, spread })),
  };
  return { newKernel: needOf(whole, 'newKernel'), oldKernel: needOf(whole, 'oldKernel') };
}

/** The size that most active gateways have; of two as frequent ones the bigger. */
function usualGateway(carriers: Carriers): { addresses: number; spread: string } {
  const active = activeOf(carriers);
  const counts = new Map<number, number>();
  for (const { addresses } of active) counts.set(addresses, (counts.get(addresses) ?? 0) + 1);
  const often = (size: number): number => counts.get(size) ?? 0;
  const [usual] = active.toSorted(
    (a, b) => often(b.addresses) - often(a.addresses) || b.addresses - a.addresses,
  );
  return usual ?? { addresses: 6, spread: 'connection' };
}
