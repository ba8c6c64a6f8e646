/** What of the aliases must be there after a restart, and what must not come back. */
import { parseAddress } from '../../address/ipv4.ts';
import { ownerOf } from '../boot/boot-facts.ts';
import { addressParts, type BootAddresses } from '../boot/network.ts';
import type { Facts } from '../facts.ts';
import type { BootFile, BootPart } from '../task-type.ts';
import { type AliasesState, heldAddresses } from './state.ts';

export function aliasesBoot(
  to: AliasesState | null,
  facts: Facts,
  from: AliasesState | null,
): readonly BootPart[] {
  return [...addressParts(bootAddresses(to, from), facts.boot), ...record(to, facts), ...orphans(facts)];
}

/** Which addresses are ours, where their owner brings them back without a label that tells it. */
export function recordPath(device: string): string {
  return `/etc/gwfleet/aliases-${device}.own`;
}

function record(to: AliasesState | null, facts: Facts): readonly BootFile[] {
  const ours = heldAddresses(to).filter((one) => one.interface === to?.interface);
  if (to === null || ours.length === 0 || keepsLabels(to.interface, facts)) return [];
  if (ownerOf(facts.boot, to.interface).claims.length > 1) return [];
  const lines = ours
    .toSorted((left, right) => (parseAddress(left.address) ?? 0) - (parseAddress(right.address) ?? 0))
    .map(({ address, prefix }) => `${address}/${prefix}\n`);
  return [
    { path: recordPath(to.interface), mode: 0o644, content: `# Written by gwfleet.\n${lines.join('')}` },
  ];
}

/** NetworkManager takes no labels. */
export function keepsLabels(device: string, { boot }: Facts): boolean {
  return !ownerOf(boot, device).claims.some(
    ({ manager, renderer }) => manager === 'networkmanager' || renderer === 'networkmanager',
  );
}

/** Our files for an interface that the host no longer has: it was renamed, and would keep its aliases under that name. */
function orphans({ boot, interfaces }: Facts): readonly BootFile[] {
  const plain = (device: string): string => device.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  const present = new Set(interfaces.map(({ name }) => plain(name)));
  return (boot?.files ?? []).flatMap(({ path }) => {
    const device = /(?:gwfleet-|^\/etc\/gwfleet\/)aliases-(.+?)(?:\.(?:conf|yaml|service|own))?$/.exec(
      path,
    )?.[1];
    return device === undefined || present.has(plain(device)) ? [] : [{ path, mode: 0, content: null }];
  });
}

function bootAddresses(to: AliasesState | null, from: AliasesState | null): BootAddresses {
  const device = (to ?? from)?.interface ?? '';
  const kept = (to?.addresses ?? []).filter((one) => one.interface === device);
  const gone = (from?.addresses ?? []).filter(
    (one) => one.interface === device && !kept.some(({ address }) => address === one.address),
  );
  return { interface: device, addresses: kept, gone };
}
