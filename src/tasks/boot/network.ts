/**
 * Addresses and the default route in the words of the interface's owner. What a reader gets wrong: live and boot state
 * must be equal in prefix, broadcast and label, or networkd 252 spins; and an owner whose own files name another
 * default gateway is not overruled by a second one beside it, so there our own unit has the last word at boot.
 */
import type { BootPart } from '../task-type.ts';
import { type BootFacts, type InterfaceOwner, ownerOf } from './boot-facts.ts';
import { ifcfgAddresses, ifcfgRoute, ifcfgRouteGone } from './ifcfg.ts';
import { hook } from './ifupdown.ts';
import { netplanAddresses, netplanRoute } from './netplan.ts';
import { profileAddresses, profileGateway } from './network-manager.ts';
import { networkdAddresses, networkdRoute } from './networkd.ts';
import { addressUnit, routeUnit } from './unit.ts';

export interface BootAddress {
  readonly address: string;
  readonly prefix: number;
  readonly broadcast: string | null;
  readonly label: string;
}

export interface BootAddresses {
  readonly interface: string;
  readonly addresses: readonly BootAddress[];
  /** Addresses that were ours and are no longer wanted. */
  readonly gone: readonly BootAddress[];
}

export interface BootRoute {
  readonly interface: string;
  readonly via: string;
  readonly metric: number;
  readonly source: string | null;
  readonly mtu: number | null;
}

export function addressParts(wanted: BootAddresses, boot: BootFacts | undefined): readonly BootPart[] {
  if (boot === undefined || boot.init === 'other') return [];
  const owner = ownerOf(boot, wanted.interface);
  const [claim, other] = owner.claims;
  if (other !== undefined) return [];
  switch (claim?.manager) {
    case 'networkd':
      return networkdAddresses(claim.source, wanted);
    case 'netplan':
      return netplanAddresses(claim.renderer, wanted);
    case 'networkmanager':
      return profileAddresses(
        boot.profiles.find(({ uuid }) => uuid === claim.source),
        wanted,
        boot.profilesThen?.find(({ uuid }) => uuid === claim.source),
      );
    case 'ifupdown':
      return wanted.addresses.length === 0
        ? []
        : [hook('aliases', wanted.interface, addressCommands(wanted))];
    case 'ifcfg':
      return ifcfgAddresses(wanted);
    case undefined:
      return addressUnit(wanted);
  }
}

export function routeParts(wanted: BootRoute, boot: BootFacts | undefined): readonly BootPart[] {
  if (boot === undefined || boot.init === 'other') return [];
  const owner = ownerOf(boot, wanted.interface);
  const [claim, other] = owner.claims;
  if (other !== undefined) return [];
  const contested = isContested(owner, wanted);
  switch (claim?.manager) {
    case 'networkd':
      return contested ? routeUnit(wanted) : networkdRoute(claim.source, wanted);
    case 'netplan':
      // NetworkManager gives each route a metric of its own, another one at every start.
      if (claim.renderer === 'networkmanager') return netplanRoute({ ...wanted, metric: 0 });
      return contested ? routeUnit(wanted) : netplanRoute(wanted);
    case 'networkmanager': {
      const profile = boot.profiles.find(({ uuid }) => uuid === claim.source);
      if (profile?.method !== 'manual') return routeUnit(wanted);
      const then = boot.profilesThen?.find(({ uuid }) => uuid === claim.source);
      return profileGateway(profile, { ...wanted, via: then?.gateway ?? wanted.via });
    }
    case 'ifupdown':
      return [hook('default-route', wanted.interface, [routeCommand(wanted)])];
    case 'ifcfg':
      return ifcfgRoute(wanted);
    case undefined:
      return routeUnit(wanted);
  }
}

/** Where files of our own go by their names, a route that is no longer wanted must also leave what others keep. */
export function routeGone(gone: BootRoute, boot: BootFacts | undefined): readonly BootPart[] {
  const [claim, other] = ownerOf(boot, gone.interface).claims;
  if (boot === undefined || other !== undefined) return [];
  if (claim?.manager === 'ifcfg') return ifcfgRouteGone(gone, boot);
  const profile = boot.profiles.find(({ uuid }) => uuid === claim?.source);
  if (claim?.manager !== 'networkmanager' || profile?.gateway !== gone.via) return [];
  const then = boot.profilesThen?.find(({ uuid }) => uuid === claim.source);
  return profileGateway(profile, { interface: gone.interface, via: then?.gateway ?? '' });
}

function isContested({ gateways }: InterfaceOwner, { via }: BootRoute): boolean {
  return gateways.some((address) => address !== via);
}

/** The shell lines of an alias; `replace`, so that they bear being run again. */
export function addressCommands({ interface: device, addresses }: BootAddresses): readonly string[] {
  return addresses.map(({ address, prefix, broadcast, label }) => {
    const cast = broadcast === null ? '' : ` broadcast ${broadcast}`;
    return `ip addr replace ${address}/${prefix}${cast} dev ${device} label ${label}`;
  });
}

export function routeCommand({ interface: device, via, metric, source, mtu }: BootRoute): string {
  const words = [
    ...(source === null ? [] : [`src ${source}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
    ...(mtu === null ? [] : [`mtu ${mtu}`]),
  ];
  return ['ip route replace default via', via, 'dev', device, ...words].join(' ');
}
