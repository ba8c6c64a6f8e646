/** What of the aliases must be there after a restart, and what must not come back. */
import { addressParts, type BootAddresses } from '../boot/network.ts';
import type { Facts } from '../facts.ts';
import type { BootFile, BootPart } from '../task-type.ts';
import type { AliasesState } from './state.ts';

export function aliasesBoot(
  to: AliasesState | null,
  facts: Facts,
  from: AliasesState | null,
): readonly BootPart[] {
  return [...addressParts(bootAddresses(to, from), facts.boot), ...orphans(facts)];
}

/** Our files for an interface that the host no longer has: it was renamed, and would keep its aliases under that name. */
function orphans({ boot, interfaces }: Facts): readonly BootFile[] {
  const plain = (device: string): string => device.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  const present = new Set(interfaces.map(({ name }) => plain(name)));
  return (boot?.files ?? []).flatMap(({ path }) => {
    const device = /(?:gwfleet-|^\/etc\/gwfleet\/)aliases-(.+?)(?:\.(?:conf|yaml|service))?$/.exec(path)?.[1];
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
