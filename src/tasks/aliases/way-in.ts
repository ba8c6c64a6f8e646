/** What a change of addresses does to the way in: it goes with its address, and with the last one of its interface. */
import type { Facts } from '../facts.ts';
import type { Touch, WayIn } from '../way-in.ts';
import { type AliasesState, type HostAddress, heldAddresses, sameAddress } from './state.ts';

export function aliasesTouch(
  from: AliasesState | null,
  to: AliasesState | null,
  way: WayIn,
  facts: Facts,
): readonly Touch[] {
  const olds = heldAddresses(from);
  const news = heldAddresses(to);
  const gone = olds.filter((old) => !news.some((one) => sameAddress(old, one)));
  const fresh = news.filter((one) => !olds.some((old) => sameAddress(old, one)));
  const client = fresh.find(({ address }) => address === way.clientAddress);
  if (client !== undefined)
    return [cuts(`${client.address} is where we come from, and it becomes an address of this host`)];
  if (way.kind === 'forwarded') {
    const taken = fresh.find(({ address }) => address === way.serverAddress);
    return taken === undefined
      ? []
      : [cuts(`${taken.address} is the address of ${way.host}, and it becomes one of this host`)];
  }
  const hop = fresh.find(({ address }) => address === way.via);
  if (hop !== undefined)
    return [
      cuts(`the way in answers by the next hop ${hop.address}, and that becomes an address of this host`),
    ];
  const own = gone.find(({ address }) => address === way.serverAddress);
  if (own !== undefined) return [ownAddress(own, news)];
  if (emptied(way.interface, gone, news, facts))
    return [cuts(`the way in leaves by ${way.interface}, and this takes its last address`)];
  const near = [...gone, ...fresh].some(
    (one) => one.interface === way.interface || one.interface === way.arrives,
  );
  return near
    ? [{ kind: 'rides', text: `the way in comes by ${way.arrives || way.interface}, whose addresses change` }]
    : [];
}

/** Deleted for good, or put back in the same breath under another label: connections bear that. */
function ownAddress(old: HostAddress, news: readonly HostAddress[]): Touch {
  const again = news.find(({ address }) => address === old.address);
  const text = `we came in by ${old.address} on ${old.interface}`;
  if (again === undefined) return cuts(`${text}, and it is deleted`);
  if (again.interface !== old.interface) return cuts(`${text}, and it moves to ${again.interface}`);
  return { kind: 'rides', text: `${text}, and it goes for a moment` };
}

function emptied(
  device: string,
  gone: readonly HostAddress[],
  news: readonly HostAddress[],
  { interfaces }: Facts,
): boolean {
  const held = interfaces.find(({ name }) => name === device)?.addresses ?? [];
  const left = held.filter(
    ({ address, prefix }) =>
      !gone.some((one) => one.interface === device && one.address === address && one.prefix === prefix),
  );
  return held.length > 0 && left.length === 0 && !news.some((one) => one.interface === device);
}

function cuts(text: string): Touch {
  return { kind: 'cuts', text };
}
