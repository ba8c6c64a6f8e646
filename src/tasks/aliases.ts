/**
 * The pool on the gateway: one alias for each pool address, `eth1:0`, `eth1:1` ... It owns the pool's addresses
 * wherever they are and every `<interface>:<number>` label on the interface; other addresses are nobody's business.
 */
import { type Static, Type } from '@sinclair/typebox';
import { block, type Script, sh } from '../shell/sh.ts';
import { applyAliases } from './aliases/script.ts';
import {
  type AliasesState,
  type HostAddress,
  inOrder,
  labelNumber,
  primaryOf,
  readAddress,
  sameAddress,
} from './aliases/state.ts';
import { noAliases, wantedAliases } from './aliases/wanted.ts';
import { aliasesTouch } from './aliases/way-in.ts';
import { closedObject, interfaceName, poolAddresses, poolProblems, poolSpec } from './network-args.ts';
import { failedProbe, requireTool } from './steps.ts';
import type { Change, Observation, TaskType } from './task-type.ts';

const schema = closedObject({
  interface: interfaceName('the public side, `eth1`'),
  addresses: poolSpec('the pool: a range `A-B`, a CIDR, one address, or a list of these'),
});

export type AliasesArgs = Static<typeof schema>;

const doc = `Each address of the pool that is not the interface's own first address becomes an alias of the interface,
with the prefix and the broadcast address of the first one and the label \`eth1:0\`, \`eth1:1\` ... in the order of
the pool. An alias keeps its number as long as it stays in the pool; a new one takes the lowest number that is free.
An address outside the subnet of the first one (it is routed to the gateway) gets /32.

What it owns: the pool's addresses wherever they are on the host (one on a wrong interface is moved), and everything
labelled with the interface's name and a number. Other addresses stay as they are.

New addresses come before old ones go, and each new one is announced by gratuitous ARP. The first address of the
interface is never deleted; the address by which gwfleet came in only with --allow-cut. The change lives in the running system; it is
not yet kept over a restart.`;

export const aliases: TaskType<AliasesArgs, AliasesState> = {
  name: 'aliases',
  summary: 'One alias on the interface for each address of the pool',
  doc,
  examples: [
    {
      title: 'Six addresses to leave by',
      args: { interface: 'eth1', addresses: '203.0.113.10-203.0.113.15' },
    },
    {
      title: 'A pool with a gap',
      args: { interface: 'eth1', addresses: ['203.0.113.10-203.0.113.12', '203.0.113.20'] },
    },
  ],
  schema: Type.Unsafe<AliasesArgs>(schema),
  problems: ({ addresses }) => poolProblems('addresses', addresses),
  object: (args) => `aliases ${args.interface}`,
  probe,
  read,
  desired: (args, seen, facts) => {
    if (seen.kind === 'unknown') return { kind: 'refused', why: `the addresses are unknown: ${seen.why}` };
    const state = seen.kind === 'present' ? seen.state : noAliases(args.interface, facts);
    return wantedAliases(poolAddresses(args.addresses), state, facts);
  },
  changes,
  apply: applyAliases,
  boot: () => [],
  undo: 'turned',
  touches: 'reachability',
  wayIn: aliasesTouch,
};

function probe({ interface: device, addresses }: AliasesArgs): Script {
  const pool = poolAddresses(addresses).flatMap((address) => ['-e', ` inet ${address}/`]);
  // Lifetimes and the device's index are cut off: they move by themselves.
  const lines = sh`sed -e 's/^[0-9]*: //' -e 's/\\.*//' -e 's/  */ /g' -e 's/ *$//'`;
  return block(
    requireTool('ip', 'iproute2'),
    sh`gwfleet_all=$(ip -o -4 addr show) || exit 1`,
    // Only who is first of the device and first of its subnet means anything; a rollback adds the others at the end.
    sh`gwfleet_own=$(ip -o -4 addr show dev ${device} 2>/dev/null | ${lines})`,
    sh`printf '%s\n' "$gwfleet_own" | grep -v ' secondary ' | { IFS= read -r gwfleet_first && printf '%s\n' "$gwfleet_first"; sort; }`,
    sh`printf '%s\n' "$gwfleet_own" | grep ' secondary ' | sort`,
    sh`echo pool`,
    sh`printf '%s\n' "$gwfleet_all" | ${lines} | grep -F ${pool} | sort`,
    sh`gwfleet_routes=$(ip -4 route show table all 2>/dev/null | grep -v -e 'proto kernel' -e '^local ' -e '^broadcast ')`,
    sh`echo sources`,
    sh`printf '%s\n' "$gwfleet_routes" | sed -n 's/.* src \([0-9.]*\).*/\1/p' | sort -u`,
    sh`echo carriers`,
    sh`printf '%s\n' "$gwfleet_routes" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u`,
  );
}

function read(
  output: { code: number; stdout: string; stderr: string },
  args: AliasesArgs,
): Observation<AliasesState> {
  if (output.code !== 0) return failedProbe(output);
  const [own = '', rest] = output.stdout.split(/^pool\n/m);
  const [pooled = '', routes] = (rest ?? '').split(/^sources$/m);
  const [sources = '', carriers] = (routes ?? '').split(/^carriers$/m);
  if (carriers === undefined) return { kind: 'unknown', why: 'the addresses could not be read to their end' };
  const device = args.interface;
  const pool = new Set(poolAddresses(args.addresses));
  const onDevice = addressesIn(own);
  const primary = primaryOf(onDevice, device, pool);
  const labelled = onDevice.filter(
    ({ label, address }) => labelNumber(label, device) !== undefined && !pool.has(address),
  );
  const ours = [...addressesIn(pooled), ...labelled].filter(
    (one) => primary === undefined || !sameAddress(one, primary),
  );
  return {
    kind: 'present',
    state: {
      interface: device,
      primary:
        primary === undefined
          ? null
          : {
              address: primary.address,
              prefix: primary.prefix,
              broadcast: primary.broadcast,
              label: primary.label,
            },
      addresses: inOrder(ours),
      sources: sources.split('\n').filter((line) => line !== ''),
      carriers: carriers.split('\n').filter((line) => line !== ''),
    },
  };
}

function addressesIn(text: string): readonly HostAddress[] {
  return text.split('\n').flatMap((line) => readAddress(line) ?? []);
}

function changes(from: AliasesState | null, to: AliasesState | null): readonly Change[] {
  const olds = from?.addresses ?? [];
  const news = to?.addresses ?? [];
  const device = to?.interface ?? from?.interface ?? '';
  const every = new Set([...news, ...olds].map(({ address }) => address));
  return [...every].flatMap((address) => {
    const before = olds.filter((one) => one.address === address);
    const after = news.filter((one) => one.address === address);
    return changeOf(before, after, device) ?? [];
  });
}

function changeOf(
  before: readonly HostAddress[],
  after: readonly HostAddress[],
  device: string,
): Change | undefined {
  const same = before.length === after.length && before.every((one, i) => alike(one, after[i]));
  if (same) return undefined;
  const name = (after[0] ?? before[0])?.label ?? device;
  const from = before.map((one) => text(one, device, name)).join(' and ');
  const to = after.map((one) => text(one, device, name)).join(' and ');
  if (after.length === 0) return { action: 'delete', kind: 'alias', name, from };
  if (before.length === 0) return { action: 'create', kind: 'alias', name, to };
  const shown = from === to ? `${from} brd ${before[0]?.broadcast ?? 'none'}` : from;
  return { action: 'update', kind: 'alias', name, from: shown, to };
}

function alike(left: HostAddress, right: HostAddress | undefined): boolean {
  return right !== undefined && sameAddress(left, right);
}

function text(one: HostAddress, device: string, name: string): string {
  const label = one.label === name ? '' : one.label === one.interface ? ' unlabelled' : ` as ${one.label}`;
  return `${one.address}/${one.prefix}${label}${one.interface === device ? '' : ` on ${one.interface}`}`;
}
