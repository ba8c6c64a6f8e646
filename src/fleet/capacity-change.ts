/**
 * "Which single change helps most now?" Each change is tried on the fleet as it stands, by the same arithmetic. What
 * counts is what is left with the worst gateway lost: that is what can be relied on; then what is carried without a loss.
 */
import { portsPerAddress } from '../address/pool-size.ts';
import { activeOf, type Carrier, type Carriers, kindOf, totalConnections, worstLoss } from './capacity.ts';

export interface Improvement {
  /** What to do, for people. */
  readonly change: string;
  /** The words to write, or the command. */
  readonly how: string;
  readonly connections: number;
  readonly withLoss: number;
  readonly gain: number;
  readonly gainWithLoss: number;
}

interface Variant {
  readonly change: string;
  readonly how: string;
  /** Variants of one kind come to the same: one of them is worked out. */
  readonly kind: string;
  readonly carriers: () => Carriers;
}

/** The best first; changes that bring nothing are left out. */
export function improvements(carriers: Carriers): readonly Improvement[] {
  const [connections, withLoss] = outcome(carriers);
  const known = new Map<string, readonly [number, number]>();
  return variants(carriers)
    .map(({ change, how, kind, carriers: make }): Improvement => {
      const [now, lost] = known.get(kind) ?? outcome(make());
      known.set(kind, [now, lost]);
      return {
        change,
        how,
        connections: now,
        withLoss: lost,
        gain: now - connections,
        gainWithLoss: lost - withLoss,
      };
    })
    .filter(({ gain, gainWithLoss }) => gain > 0 || gainWithLoss > 0)
    .toSorted((a, b) => b.gainWithLoss - a.gainWithLoss || b.gain - a.gain);
}

/** What is carried, and what is left with the worst gateway lost. */
function outcome(carriers: Carriers): readonly [number, number] {
  return [totalConnections(carriers), worstLoss(carriers)?.connections ?? 0];
}

function variants(carriers: Carriers): readonly Variant[] {
  return [
    ...spreads(carriers),
    ...oneAddressMore(carriers),
    ...oneGatewayMore(carriers),
    ...woken(carriers),
    ...widerPorts(carriers),
    ...moreMemory(carriers),
  ];
}

function spreads(carriers: Carriers): readonly Variant[] {
  const other = activeOf(carriers).filter(({ spread }) => spread !== 'connection');
  if (other.length === 0) return [];
  const change = `spread: connection on ${other.map(({ name }) => name).join(', ')}`;
  const how = 'spread: connection, ruleset_style: hardened';
  const made = () => changed(carriers, other, (one) => ({ ...one, spread: 'connection' }));
  return [{ change, how, kind: 'spread', carriers: made }];
}

function oneAddressMore(carriers: Carriers): readonly Variant[] {
  const byName = new Map(carriers.gateways.map((gateway) => [gateway.name, gateway]));
  return activeOf(carriers).map((gateway) => ({
    change: `one address more for ${gateway.name}`,
    how: `snat_pool of ${gateway.name}: ${gateway.addresses + 1} addresses`,
    kind: `address ${kindOf(gateway, byName)}`,
    carriers: () => changed(carriers, [gateway], (one) => ({ ...one, addresses: one.addresses + 1 })),
  }));
}

function oneGatewayMore(carriers: Carriers): readonly Variant[] {
  const [biggest] = activeOf(carriers).toSorted((a, b) => b.addresses - a.addresses);
  if (biggest === undefined) return [];
  const { addresses } = biggest;
  const gateways = [...carriers.gateways, { ...biggest, name: 'a new gateway', pinned: 0 }];
  const change = `one gateway more, with ${addresses} ${addresses === 1 ? 'address' : 'addresses'}`;
  return [
    {
      change,
      how: 'a host more in the group gateways',
      kind: 'gateway',
      carriers: () => ({ ...carriers, gateways }),
    },
  ];
}

function woken(carriers: Carriers): readonly Variant[] {
  const byName = new Map(carriers.gateways.map((gateway) => [gateway.name, gateway]));
  return carriers.gateways
    .filter(({ state, addresses }) => state === 'standby' && addresses > 0)
    .map((gateway) => ({
      change: `${gateway.name} active instead of standby`,
      how: `gateway_state of ${gateway.name}: active`,
      kind: `woken ${kindOf(gateway, byName)}`,
      carriers: () => changed(carriers, [gateway], (one) => ({ ...one, state: 'active' })),
    }));
}

function widerPorts(carriers: Carriers): readonly Variant[] {
  if (carriers.portsPerWebserver >= portsPerAddress) return [];
  const change = "all ports for the webservers' own connections";
  const how = 'sysctl of the webservers: net.ipv4.ip_local_port_range: "1024 65535"';
  return [
    { change, how, kind: 'ports', carriers: () => ({ ...carriers, portsPerWebserver: portsPerAddress }) },
  ];
}

function moreMemory(carriers: Carriers): readonly Variant[] {
  if (carriers.memoryBytes === undefined) return [];
  return [
    {
      change: 'memory for a connection table that fits the pool',
      how: 'more memory in the gateways',
      kind: 'memory',
      carriers: () => ({ ...carriers, memoryBytes: undefined }),
    },
  ];
}

function changed(carriers: Carriers, which: readonly Carrier[], change: (one: Carrier) => Carrier): Carriers {
  const names = new Set(which.map(({ name }) => name));
  const gateways = carriers.gateways.map((one) => (names.has(one.name) ? change(one) : one));
  return { ...carriers, gateways };
}
