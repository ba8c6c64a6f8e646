/**
 * How the addresses of a host are looked at, and the look read into a state. The bytes of the look stay the same as
 * long as nobody changes an address: lifetimes and the device's index are cut off, numbers go to standard error.
 */
import type { Output } from '../../shell/frames.ts';
import { block, type Script, sh } from '../../shell/sh.ts';
import { networkLooked } from '../network-look.ts';
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
  return block(
    requireTool('ip', 'iproute2'),
    requireTool('awk', 'mawk'),
    networkLooked,
    sh`gwfleet_seen=$(printf '%s\n' "$gwfleet_looked" | awk -v device=${device} -v pool=${pool.join(' ')} -v record=${recordPath(device)} ${sections})`,
    sh`gwfleet_left=; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_seen; do
case $gwfleet_line in 'left '*) gwfleet_left=\${gwfleet_line#left } ;; *) printf '%s\n' "$gwfleet_line" ;; esac
done
IFS=$gwfleet_ifs; set +f`,
    sh`echo carried`,
    leavingProbe,
  );
}

/**
 * The labelled addresses outside the pool in the first line, then the device's addresses, the pool's on whatever device,
 * and by which addresses and devices routes leave. Only who is first of the device and first of its subnet means
 * anything; a rollback adds the others at the end, so they are sorted. What an owner has brought back without a label,
 * and the record says is ours, is read as if it had one.
 */
const sections = `
function sorted(list, n,  i, k, one) {
  for (i = 2; i <= n; i++) { one = list[i]; for (k = i - 1; k > 0 && (list[k] "") > (one ""); k--) list[k + 1] = list[k]; list[k + 1] = one }
}
function told(list, from, n,  i) { for (i = from; i <= n; i++) print list[i] }
function alias(label) { return index(label, device ":") == 1 && substr(label, length(device) + 2) ~ /^[0-9]+$/ }
BEGIN { count = split(pool, list, " "); for (i = 1; i <= count; i++) pooled[list[i]] = 1; while ((getline line < record) > 0) known[line] = 1 }
/^1: lo: / && los++ { exit }
/^[0-9]+: [^ ]+ +inet / {
  sub(/^[0-9]+: /, ""); sub(/\\\\.*/, ""); gsub(/  +/, " "); sub(/ +$/, "")
  split($3, cidr, "/")
  if (index($3, "/") && cidr[1] in pooled) ours[++o] = $0
  if ($1 != device) next
  if ($3 in known) { if ($NF == device) $NF = device ":" (n + 0); n++ }
  if (/ secondary /) others[++s] = $0
  else if (first == "") first = $0
  else firsts[++f] = $0
  if (alias($NF) && !(cidr[1] in pooled)) { left = left sep cidr[1]; sep = " " }
}
/^[0-9]+:/ || / proto kernel/ || /^(local|broadcast) / { next }
{
  for (i = 1; i < NF; i++) {
    if ($i == "src" && $(i + 1) ~ /^[0-9.]+$/ && !($(i + 1) in source)) { source[$(i + 1)]; sources[++a] = $(i + 1) }
    if ($i == "dev" && !($(i + 1) in carrier)) { carrier[$(i + 1)]; carriers[++c] = $(i + 1) }
  }
}
END {
  if (left != "") print "left", left
  if (first != "") print first
  sorted(firsts, f); told(firsts, 1, f)
  sorted(others, s); told(others, 1, s)
  print "pool"
  sorted(ours, o); told(ours, 1, o)
  print "sources"
  sorted(sources, a); told(sources, 1, a)
  print "carriers"
  sorted(carriers, c); told(carriers, 1, c)
}
`;

export function readAliases(
  output: Output,
  device: string,
  addresses: readonly string[],
): Observation<AliasesState> {
  if (output.code !== 0) return failedProbe(output);
  const [own = '', afterOwn = ''] = output.stdout.split(/^pool\n/m);
  const [pooled = '', routes = ''] = afterOwn.split(/^sources\n/m);
  const [sources = '', afterSources = ''] = routes.split(/^carriers\n/m);
  const [carriers = '', carried] = afterSources.split(/^carried$/m);
  if (carried === undefined) return { kind: 'unknown', why: 'the addresses could not be read to their end' };
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
