/**
 * Whom the coming or going of one gateway moves: the fleet with it compared with the fleet without it. From the
 * inventory alone, so a command that was killed half-way finds the same webservers again.
 */
import { assignedGateways } from './fleet.ts';
import type { Fleet } from './model.ts';

/** Names of webservers in inventory order. `fleet` may have the gateway in any state. */
export function moversOf({ gateways, webservers }: Fleet, name: string): readonly string[] {
  const all = [...webservers.values()];
  const own = gateways.get(name);
  const others = [...gateways.values()]
    .filter((gateway) => gateway.name !== name)
    .map((gateway) => (gateway.name === own?.twin ? { ...gateway, state: 'standby' as const } : gateway));
  const with_ = assignedGateways(
    [...others, ...(own === undefined ? [] : [{ ...own, state: 'active' as const }])],
    all,
  );
  const without = assignedGateways(others, all);
  return all.map((webserver) => webserver.name).filter((one) => with_.get(one) !== without.get(one));
}

/** Those who leave through a gateway, or through its twin in its place. In inventory order. */
export function carriedBy({ gateways, webservers, assigned }: Fleet, name: string): readonly string[] {
  const twin = gateways.get(name)?.twin;
  const carriers = new Set([name, twin]);
  return [...webservers.keys()].filter((web) => carriers.has(assigned.get(web)));
}
