/** What of the aliases must be there after a restart, and what must not come back. */
import type { BootAddresses } from '../boot/network.ts';
import type { AliasesState } from './state.ts';

export function bootAddresses(to: AliasesState, from: AliasesState | null): BootAddresses {
  const kept = to.addresses.filter((one) => one.interface === to.interface);
  const gone = (from?.addresses ?? []).filter(
    (one) => one.interface === to.interface && !kept.some(({ address }) => address === one.address),
  );
  return { interface: to.interface, addresses: kept, gone };
}
