/**
 * Which aliases an interface should have. Numbers are kept: an alias that has a valid number of its own never gets
 * another one, new ones take the lowest that is free, so that a removal renumbers nobody.
 */
import { contains, formatAddress, networkOf, parseAddress } from '../../address/ipv4.ts';
import { ownerOf } from '../boot/boot-facts.ts';
import { ownerNotes } from '../boot/owner-notes.ts';
import type { Drain } from '../drain-args.ts';
import type { Facts } from '../facts.ts';
import type { Note, Wanted } from '../task-type.ts';
import { leavingNotes, stillLeaving } from './leaving.ts';
import {
  type AliasesState,
  type HostAddress,
  heldAddresses,
  inOrder,
  labelNumber,
  type Primary,
  sameAddress,
} from './state.ts';

/** A label is a device name of the 1980s: 15 characters, then the kernel refuses it. */
const labelLimit = 15;

export function wantedAliases(
  { pool, drain }: { readonly pool: readonly string[]; readonly drain: Drain },
  seen: AliasesState,
  facts: Facts,
): Wanted<AliasesState> {
  const device = seen.interface;
  const names = facts.interfaces.map(({ name }) => name);
  if (seen.primary === null) {
    const why = names.includes(device)
      ? `${device} has no IPv4 address; aliases need a primary to stand beside${ownerTrouble(device, facts)}`
      : `there is no interface ${device} on the host; it has ${names.join(', ')}`;
    return { kind: 'refused', why };
  }
  const wanted = pool.filter((address) => address !== seen.primary?.address);
  const leaving = inOrder(stillLeaving(seen, new Set(pool), drain));
  const numbers = numbered(wanted, seen, leaving);
  const { primary } = seen;
  const addresses = inOrder(
    wanted
      .map((address) => aliasOf(address, device, primary, numbers.get(address) ?? 0))
      .map((alias) => (keepsLabels(device, facts) ? alias : asItStands(alias, seen))),
  );
  const to: AliasesState = { ...seen, addresses, leaving, live: {} };
  const why = obstacle(seen, to, facts);
  if (why !== undefined) return { kind: 'refused', why };
  const gone = dropped(seen, to).filter(({ address }) => !pool.includes(address));
  return {
    kind: 'state',
    state: to,
    notes: [...notes(seen, to, facts), ...leavingNotes(seen, leaving, gone)],
  };
}

/** Why it has none, where its owner tells. */
function ownerTrouble(device: string, { boot }: Facts): string {
  const [note] = ownerNotes(device, boot).filter(({ level }) => level === 'warning');
  return note === undefined ? '' : ` (${note.text})`;
}

/** An interface that has its first address and no other. */
export function noAliases(device: string, { interfaces }: Facts): AliasesState {
  const [first] = interfaces.find(({ name }) => name === device)?.addresses ?? [];
  const primary =
    first === undefined
      ? null
      : { address: first.address, prefix: first.prefix, broadcast: first.broadcast, label: first.label };
  return { interface: device, primary, addresses: [], leaving: [], live: {}, sources: [], carriers: [] };
}

/** NetworkManager brings addresses back without a label, and its own flag on them: both are as good as ours. */
function asItStands(alias: HostAddress, seen: AliasesState): HostAddress {
  const there = seen.addresses.find(
    (one) => one.address === alias.address && one.interface === alias.interface,
  );
  if (there === undefined) return alias;
  return { ...alias, label: there.label, noPrefixRoute: there.noPrefixRoute, secondary: there.secondary };
}

function keepsLabels(device: string, { boot }: Facts): boolean {
  return !ownerOf(boot, device).claims.some(
    ({ manager, renderer }) => manager === 'networkmanager' || renderer === 'networkmanager',
  );
}

function aliasOf(address: string, device: string, primary: Primary, number: number): HostAddress {
  const label = `${device}:${number}`;
  const subnet = networkOf(parseAddress(primary.address) ?? 0, primary.prefix);
  // An address of another subnet is routed to us; the primary's prefix would claim its neighbours as on-link.
  const inside = contains(subnet, parseAddress(address) ?? 0);
  // Without a broadcast address networkd 252 spins when it later finds the same address in its file.
  const broadcast = primary.broadcast ?? (primary.prefix < 31 ? formatAddress(subnet.last) : null);
  return {
    interface: device,
    address,
    prefix: inside ? primary.prefix : 32,
    broadcast: inside ? broadcast : null,
    label: label.length > labelLimit ? device : label,
    secondary: inside,
    noPrefixRoute: false,
  };
}

function numbered(
  wanted: readonly string[],
  seen: AliasesState,
  leaving: readonly HostAddress[],
): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const others = [seen.primary?.label ?? '', ...leaving.map(({ label }) => label)];
  const taken = new Set(others.flatMap((label) => labelNumber(label, seen.interface) ?? []));
  for (const address of wanted) {
    const number = seen.addresses
      .filter((one) => one.address === address && one.interface === seen.interface)
      .map(({ label }) => labelNumber(label, seen.interface))
      .find((label) => label !== undefined && !taken.has(label));
    if (number === undefined) continue;
    numbers.set(address, number);
    taken.add(number);
  }
  let free = 0;
  for (const address of wanted.filter((one) => !numbers.has(one))) {
    while (taken.has(free)) free += 1;
    numbers.set(address, free);
    taken.add(free);
  }
  return numbers;
}

/** Addresses that are taken off the host, be it for a moment only. */
export function dropped(from: AliasesState, to: AliasesState): readonly HostAddress[] {
  const kept = heldAddresses(to);
  return heldAddresses(from).filter((one) => !kept.some((other) => sameAddress(one, other)));
}

function obstacle(seen: AliasesState, to: AliasesState, facts: Facts): string | undefined {
  for (const { address, interface: device } of dropped(seen, to)) {
    if (seen.sources.includes(address))
      return `${address} on ${device} would have to go, and a route that names it as its source would go silently with it`;
  }
  const emptied = strays(seen, to).find((one) => isLast(one, facts) && seen.carriers.includes(one.interface));
  return emptied === undefined
    ? undefined
    : `${emptied.address} is the last address of ${emptied.interface} and would have to go, and the routes by ${emptied.interface} would go silently with it`;
}

/** Pool addresses on other interfaces, which are taken away there. */
function strays(seen: AliasesState, to: AliasesState): readonly HostAddress[] {
  return dropped(seen, to).filter((one) => one.interface !== seen.interface);
}

function isLast({ interface: device }: HostAddress, { interfaces }: Facts): boolean {
  return interfaces.find(({ name }) => name === device)?.addresses.length === 1;
}

/** Others of its subnet on its device: without promote_secondaries the kernel takes them along. */
function leads(
  { interface: device, address, prefix, secondary }: HostAddress,
  { interfaces }: Facts,
): boolean {
  const subnet = networkOf(parseAddress(address) ?? 0, prefix);
  const others = interfaces.find(({ name }) => name === device)?.addresses ?? [];
  return (
    !secondary &&
    others.some(
      (one) =>
        one.address !== address && one.prefix === prefix && contains(subnet, parseAddress(one.address) ?? 0),
    )
  );
}

function notes(seen: AliasesState, to: AliasesState, facts: Facts): readonly Note[] {
  const device = seen.interface;
  const found: Note[] = [...ownerNotes(device, facts.boot)];
  if (to.addresses.some(({ label }) => label === device)) {
    const text = `labels of ${device} would be longer than ${labelLimit} characters: aliases go without a label`;
    found.push({ level: 'info', text });
  }
  if (dropped(to, seen).length > 0 && !facts.tools.includes('arping')) {
    const text =
      'arping is not installed on the host: a neighbour that knew an address elsewhere learns it late';
    found.push({ level: 'warning', text });
  }
  for (const { address, interface: name } of strays(seen, to).filter((one) => isLast(one, facts))) {
    const text = `${address} is the last address of ${name}: its subnet is out of reach by ${name} then`;
    found.push({ level: 'warning', text });
  }
  for (const { address, interface: name } of dropped(seen, to).filter((one) => leads(one, facts))) {
    const text = `${address} is the first of its subnet on ${name}: promote_secondaries is set while it goes, so that the others stay`;
    found.push({ level: 'info', text });
  }
  return found;
}
