/** The difference of two states of an interface as lines of a plan: one for each address. */
import type { Change } from '../task-type.ts';
import { type AliasesState, type HostAddress, heldAddresses, sameAddress } from './state.ts';

export function aliasChanges(from: AliasesState | null, to: AliasesState | null): readonly Change[] {
  const device = to?.interface ?? from?.interface ?? '';
  const every = new Set([...heldAddresses(to), ...heldAddresses(from)].map(({ address }) => address));
  return [...every].flatMap((address) => {
    const change = changeOf(sideOf(from, address), sideOf(to, address), device);
    return change === undefined ? [] : [change];
  });
}

interface Side {
  readonly held: readonly HostAddress[];
  readonly leaving: readonly HostAddress[];
}

function sideOf(state: AliasesState | null, address: string): Side {
  const of = (all: readonly HostAddress[] = []): readonly HostAddress[] =>
    all.filter((one) => one.address === address);
  return { held: of(state?.addresses), leaving: of(state?.leaving) };
}

function changeOf(before: Side, after: Side, device: string): Change | undefined {
  if (alike(before.held, after.held) && alike(before.leaving, after.leaving)) return undefined;
  const [olds, news] = [
    [...before.held, ...before.leaving],
    [...after.held, ...after.leaving],
  ];
  const name = (news[0] ?? olds[0])?.label ?? device;
  const from = olds.map((one) => text(one, device, name)).join(' and ');
  const to = news.map((one) => text(one, device, name)).join(' and ');
  if (news.length === 0) return { action: 'delete', kind: 'alias', name, from };
  if (olds.length === 0) return { action: 'create', kind: 'alias', name, to };
  if (after.leaving.length > 0) return { action: 'update', kind: 'alias', name, from, to: 'draining' };
  if (before.leaving.length > 0)
    return { action: 'update', kind: 'alias', name, from: `${from} draining`, to };
  const shown = from === to ? `${from} brd ${olds[0]?.broadcast ?? 'none'}` : from;
  return { action: 'update', kind: 'alias', name, from: shown, to };
}

function alike(left: readonly HostAddress[], right: readonly HostAddress[]): boolean {
  return (
    left.length === right.length &&
    left.every((one, i) => {
      const other = right[i];
      return other !== undefined && sameAddress(one, other);
    })
  );
}

function text(one: HostAddress, device: string, name: string): string {
  const label = one.label === name ? '' : one.label === one.interface ? ' unlabelled' : ` as ${one.label}`;
  return `${one.address}/${one.prefix}${label}${one.interface === device ? '' : ` on ${one.interface}`}`;
}
