/**
 * An address that leaves the pool: first the rules let go of it, then its connections end, then it is deleted. Nothing
 * is remembered on the host for that: it is leaving when it has an alias' label and is not in the pool. What a reader
 * gets wrong: one that rules still lead to is not leaving yet, whatever the number of its connections.
 */
import { block, type Script, sh } from '../../shell/sh.ts';
import { addressConnectionsScript, readAddressConnections } from '../connections.ts';
import { type Drain, deadlineSeconds } from '../drain-args.ts';
import type { Json, Note, Observation, Waiting } from '../task-type.ts';
import { type AliasesState, type HostAddress, heldAddresses } from './state.ts';

/** Short requests end within it; who has longer ones finds the address still draining at the next apply. */
export const usualDrain: Drain = {
  deadline: '30s',
  // biome-ignore lint/suspicious/noThenProperty: the users' word
  then: 'leave',
};

const carried = `
function number(a,  p) { split(a, p, "."); return ((p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4] }
BEGIN { count = split(left, list, " ") }
/^-A .* --to-source / {
  for (w = 1; w < NF; w++) if ($w == "--to-source") {
    sub(/:.*/, "", $(w + 1))
    ends = split($(w + 1), span, "-")
    for (i = 1; i <= count; i++) {
      n = number(list[i])
      if (n >= number(span[1]) && n <= number(span[ends])) hit[list[i]] = 1
    }
  }
}
END { for (i = 1; i <= count; i++) if (list[i] in hit) print list[i] }
`;

/**
 * Prints those of `$gwfleet_left`, the labelled addresses outside the pool, that SNAT rules lead to; their connections
 * go to standard error, since these move by themselves. Costs nothing where none is leaving.
 */
export const leavingProbe: Script = block(
  sh`if [ -n "$gwfleet_left" ]; then`,
  sh`for gwfleet_save in iptables-nft-save iptables-legacy-save iptables-save; do command -v "$gwfleet_save" >/dev/null 2>&1 && "$gwfleet_save" 2>/dev/null; done | awk -v left="$gwfleet_left" ${carried}`,
  sh`{`,
  addressConnectionsScript(sh`"$gwfleet_left"`),
  sh`} >&2`,
  sh`fi`,
);

/** Live connections by address; an address that is not in it could not be counted. */
export function readLive(stderr: string): Readonly<Record<string, number>> {
  return Object.fromEntries(readAddressConnections(stderr).map(({ address, live }) => [address, live]));
}

/** Those that stay on the host for now. The rest of the state's addresses is the pool's. */
export function stillLeaving(
  seen: AliasesState,
  pool: ReadonlySet<string>,
  drain: Drain,
): readonly HostAddress[] {
  if (drain === false) return [];
  return [
    ...seen.addresses.filter(({ address }) => !pool.has(address)),
    ...seen.leaving.filter(({ address }) => seen.live[address] !== 0),
  ];
}

export function leavingNotes(
  seen: AliasesState,
  leaving: readonly HostAddress[],
  gone: readonly HostAddress[],
): readonly Note[] {
  const begins = (one: HostAddress): boolean => !seen.leaving.includes(one);
  return [
    ...leaving.map(
      (one): Note =>
        begins(one)
          ? { level: 'info', text: `${one.address} takes no new connections; ${end(seen, one)}` }
          : { level: 'warning', text: `${one.address} is draining, ${counted(seen.live[one.address])}` },
    ),
    ...gone.flatMap(({ address }): readonly Note[] => {
      const live = seen.live[address] ?? 0;
      return live === 0 ? [] : [{ level: 'danger', text: `${address} goes, ${counted(live)} on it break` }];
    }),
  ];
}

/** A state as a run left it, without those addresses that have drained and gone since. */
export function drained(left: AliasesState | null, now: AliasesState | null): AliasesState | null {
  if (left === null) return null;
  const there = new Set(heldAddresses(now).map(({ address }) => address));
  return { ...left, leaving: left.leaving.filter(({ address }) => there.has(address)) };
}

/** What a run waits for after it has changed the host. */
export function waitingFor(
  to: AliasesState | null,
  seen: Observation<AliasesState>,
  args: { readonly drain?: Drain },
): Waiting | undefined {
  const drain = args.drain ?? usualDrain;
  if (to === null || to.leaving.length === 0 || drain === false) return undefined;
  const live = seen.kind === 'present' ? seen.state.live : {};
  const counts = to.leaving.map(({ address }) => live[address]);
  return {
    what: to.leaving.map(({ address }) => address).join(', '),
    connections: counts.reduce<number | null>(sum, 0),
    seconds: deadlineSeconds(drain.deadline),
    ...(drain.then === 'cut' ? { atDeadline: { ...args, drain: false } as Json } : {}),
  };
}

function sum(total: number | null, one: number | undefined): number | null {
  return total === null || one === undefined ? null : total + one;
}

function end(seen: AliasesState, { address }: HostAddress): string {
  const live = seen.live[address];
  if (live === undefined) return `it stays: ${counted(live)}`;
  return live === 0
    ? 'it goes as soon as the rules are changed'
    : `it goes after the last of ${counted(live)}`;
}

function counted(live: number | undefined): string {
  if (live === undefined) return 'its connections cannot be counted (apt install conntrack)';
  return live === 1 ? '1 connection' : `${live} connections`;
}
