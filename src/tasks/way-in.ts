/**
 * The ways in that a change of a host can touch: the one by which we came to it, and those to other hosts that pass
 * through it. What a reader gets wrong: a way in is judged by what is certain. What only may cut it is said and left
 * to the guard; what certainly cuts it is refused beforehand.
 */
import { contains, networkOf, parseAddress } from '../address/ipv4.ts';
import type { Facts, ManagementPath } from './facts.ts';

/** An SSH connection of ours to this host. */
export interface OwnWay extends ManagementPath {
  readonly kind: 'own';
  /** The interface that holds the address we came to; empty when it is on none (a translated address). */
  readonly arrives: string;
}

/** An SSH connection to another host whose packets this host forwards. */
export interface ForwardedWay {
  readonly kind: 'forwarded';
  /** The other host. */
  readonly host: string;
  readonly clientAddress: string;
  readonly serverAddress: string;
  /** The interface towards the client and the one towards the other host; empty when unknown. */
  readonly clientSide: string;
  readonly hostSide: string;
}

export type WayIn = OwnWay | ForwardedWay;

/** What a change does to a way in: `rides`, it may break; `cuts`, it certainly does. The text is a whole clause. */
export interface Touch {
  readonly kind: 'rides' | 'cuts';
  readonly text: string;
}

/** The way by which we came to the host, if it is known. */
export function ownWay({ managementPath, interfaces }: Facts): readonly OwnWay[] {
  if (managementPath === null) return [];
  const holder = interfaces.find(({ addresses }) =>
    addresses.some(({ address }) => address === managementPath.serverAddress),
  );
  return [{ kind: 'own', ...managementPath, arrives: holder?.name ?? '' }];
}

/** The way to another host through this one: that host answers us by one of this host's addresses. */
export function forwardedWay(
  through: Facts,
  { host, facts }: { readonly host: string; readonly facts: Facts },
): readonly ForwardedWay[] {
  const path = facts.managementPath;
  if (path?.via == null || interfaceOf(path.via, through, 'holds') === '') return [];
  const { clientAddress, serverAddress } = path;
  const ours = through.managementPath;
  const clientSide =
    ours?.clientAddress === clientAddress
      ? ours.interface
      : interfaceOf(clientAddress, through, 'in its subnet');
  const hostSide = interfaceOf(path.via, through, 'holds');
  return [{ kind: 'forwarded', host, clientAddress, serverAddress, clientSide, hostSide }];
}

function interfaceOf(address: string, { interfaces }: Facts, how: 'holds' | 'in its subnet'): string {
  const number = parseAddress(address);
  if (number === undefined) return '';
  const found = interfaces.find(({ addresses }) =>
    addresses.some((one) =>
      how === 'holds'
        ? one.address === address
        : contains(networkOf(parseAddress(one.address) ?? 0, one.prefix), number),
    ),
  );
  return found?.name ?? '';
}
