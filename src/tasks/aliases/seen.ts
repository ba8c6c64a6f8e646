/**
 * How the addresses of a host are looked at, and the look read into a state. The bytes of the look stay the same as
 * long as nobody changes an address: lifetimes and the device's index are cut off, numbers go to standard error.
 */
import type { Output } from '../../shell/frames.ts';
import { block, type Script, sh } from '../../shell/sh.ts';
import { failedProbe, requireTool } from '../steps.ts';
import type { Observation } from '../task-type.ts';
import { recordPath } from './boot.ts';
import { leavingProbe, readLive } from './leaving.ts';
import {
  type AliasesState,
  type HostAddress,
  inOrder,
  labelNumber,
  primaryOf,
  readAddress,
  sameAddress,
} from './state.ts';

export function probeAliases(device: string, pool: readonly string[]): Script {
  const patterns = pool.flatMap((address) => ['-e', ` inet ${address}/`]);
  const lines = sh`sed -e 's/^[0-9]*: //' -e 's/\\.*//' -e 's/  */ /g' -e 's/ *$//'`;
  return block(
    requireTool('ip', 'iproute2'),
    sh`gwfleet_all=$(ip -o -4 addr show) || exit 1`,
    // Only who is first of the device and first of its subnet means anything; a rollback adds the others at the end.
    sh`gwfleet_own=$(ip -o -4 addr show dev ${device} 2>/dev/null | ${lines})`,
    sh`if [ -r ${recordPath(device)} ]; then gwfleet_own=$(printf '%s\n' "$gwfleet_own" | awk -v device=${device} -v record=${recordPath(device)} ${recorded}); fi`,
    sh`printf '%s\n' "$gwfleet_own" | grep -v ' secondary ' | { IFS= read -r gwfleet_first && printf '%s\n' "$gwfleet_first"; sort; }`,
    sh`printf '%s\n' "$gwfleet_own" | grep ' secondary ' | sort`,
    sh`echo pool`,
    sh`printf '%s\n' "$gwfleet_all" | ${lines} | grep -F ${patterns} | sort`,
    sh`echo carried`,
    leavingProbe(device, pool),
    sh`gwfleet_routes=$(ip -4 route show table all 2>/dev/null | grep -v -e 'proto kernel' -e '^local ' -e '^broadcast ')`,
    sh`echo sources`,
    sh`printf '%s\n' "$gwfleet_routes" | sed -n 's/.* src \([0-9.]*\).*/\1/p' | sort -u`,
    sh`echo carriers`,
    sh`printf '%s\n' "$gwfleet_routes" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u`,
  );
}

/** Where an owner has brought our addresses back without a label, they are read as if each had one. */
const recorded = `
BEGIN { while ((getline line < record) > 0) ours[line] = 1 }
($3 in ours) { if ($NF == device) $NF = device ":" (n + 0); n++ }
{ print }
`;

export function readAliases(
  output: Output,
  device: string,
  addresses: readonly string[],
): Observation<AliasesState> {
  if (output.code !== 0) return failedProbe(output);
  const [own = '', afterOwn = ''] = output.stdout.split(/^pool\n/m);
  const [pooled = '', afterPool = ''] = afterOwn.split(/^carried\n/m);
  const [carried = '', routes = ''] = afterPool.split(/^sources$/m);
  const [sources = '', carriers] = routes.split(/^carriers$/m);
  if (carriers === undefined) return { kind: 'unknown', why: 'the addresses could not be read to their end' };
  const pool = new Set(addresses);
  const onDevice = addressesIn(own);
  const primary = primaryOf(onDevice, device, pool);
  const others = (one: HostAddress): boolean => primary === undefined || !sameAddress(one, primary);
  const outside = onDevice
    .filter(({ label, address }) => labelNumber(label, device) !== undefined && !pool.has(address))
    .filter(others);
  const inRules = new Set(carried.split('\n'));
  return {
    kind: 'present',
    state: {
      interface: device,
      primary: primary === undefined ? null : bare(primary),
      addresses: inOrder([
        ...addressesIn(pooled).filter(others),
        ...outside.filter(({ address }) => inRules.has(address)),
      ]),
      leaving: inOrder(outside.filter(({ address }) => !inRules.has(address))),
      live: readLive(output.stderr),
      sources: sources.split('\n').filter((line) => line !== ''),
      carriers: carriers.split('\n').filter((line) => line !== ''),
    },
  };
}

function bare({ address, prefix, broadcast, label }: HostAddress): AliasesState['primary'] {
  return { address, prefix, broadcast, label };
}

function addressesIn(text: string): readonly HostAddress[] {
  return text.split('\n').flatMap((line) => readAddress(line) ?? []);
}
