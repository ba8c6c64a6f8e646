/** What of the aliases must be there after a restart, and what must not come back. */
import type { BootAddresses } from '../boot/network.ts';
import type { AliasesState } from './state.ts';

export function bootAddresses(to: AliasesState | null, from: AliasesState | null): BootAddresses {
  const device = (to ?? from)?.interface ?? '';
  const kept = (to?.addresses ?? []).filter((one) => one.interface === device);
  const gone = (from?.addresses ?? []).filter(
    (one) => one.interface === device && !kept.some(({ address }) => address === one.address),
  );
  return { interface: device, addresses: kept, gone };
}
