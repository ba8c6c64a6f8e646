/**
 * The probe and the apply of a ruleset as shell. One load for all tables; each COMMIT in it is a transaction of its
 * own, so a chain and its jump, or the policy and what it leaves open, always stand in the same table's part.
 */
import { block, feed, nothing, type Script, sh } from '../../shell/sh.ts';
import { requireTool, steps } from '../steps.ts';
import { clearing, untracked } from './clearing.ts';
import { comparedPart, composer, ownPart, recipeLook } from './filter.ts';
import { applyGuard, guardProbe } from './leak-guard.ts';
import { builtins, type Chain, type Owner, ownChains, program, type RulesetState, tables } from './state.ts';

/**
 * Which backend: the one that has rules, else the one that `iptables` is. Both with rules: printed and left to read.
 * The wanted rules are only spelled by the host when there are own chains that differ from them as text. The closed
 * addresses depend on the host and are not known here; they are spelled alike everywhere.
 */
export function probeRuleset(owner: Owner, wanted: readonly Chain[]): Script {
  const lines = wanted
    .flatMap(({ table, name, rules }) => rules.map((rule) => `-${table} ${name} ${rule}`))
    .filter((line) => !line.includes(' --dst-range '));
  return block(
    requireTool('iptables', 'iptables'),
    requireTool('awk', 'mawk'),
    backend,
    recipeLook(owner),
    sh`gwfleet_seen=$(printf '%s\n' ${lines} live "$gwfleet_rules" | ${comparedPart(owner)})`,
    sh`echo "backend $gwfleet_backend"; gwfleet_spelled=; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $gwfleet_seen; do
[ -z "$gwfleet_spelled" ] || printf '%s\n' "$gwfleet_spelled"
gwfleet_spelled=$gwfleet_line
done
IFS=$gwfleet_ifs; set +f`,
    guardProbe,
    sh`if [ "$gwfleet_spelled" = otherwise ] && command -v unshare >/dev/null 2>&1; then`,
    sh`echo normal`,
    sh`gwfleet_normal=$(
${feed(loadText(wanted), sh`unshare -n sh -c "$gwfleet_restore -w 5 && $gwfleet_save" 2>/dev/null`)}
)`,
    sh`printf '%s\n' "$gwfleet_normal" | ${ownPart(owner)}`,
    sh`fi`,
    sh`echo end`,
  );
}

export function applyRuleset(from: RulesetState | null, to: RulesetState | null): Script {
  return turning(from, to, nothing);
}

/** From whatever stands there to the rules. Where `$gwfleet_test` is `--test` they are only read, else it is empty. */
export function bootRuleset(to: RulesetState): Script {
  return turning(null, to, sh` $gwfleet_test`);
}

function turning(from: RulesetState | null, to: RulesetState | null, test: Script): Script {
  const state = to ?? from;
  if (state === null) return nothing;
  const goal = to ?? { ...state, chains: [], hooks: [], policy: 'ACCEPT', leakGuard: null };
  const save = program(goal.backend, 'save');
  const restore = program(goal.backend, 'restore');
  const clears = translates(goal) && !translates(from);
  return steps(
    clears ? untracked(goal.owner.internal) : nothing,
    goal.owner.style === 'seed' ? feed(wholeTables(goal.chains), sh`${restore}${test} -w 5`) : nothing,
    sh`gwfleet_rules=$(${save})`,
    recipeLook(goal.owner),
    sh`gwfleet_load=$({
${feed(plan(goal), sh`cat`)}
echo live
printf '%s\n' "$gwfleet_rules"
} | ${composer(goal.owner)})`,
    sh`[ -z "$gwfleet_load" ] || printf '%s\n' "$gwfleet_load" | ${restore}${test} --noflush -w 5`,
    applyGuard(from?.leakGuard ?? null, goal.leakGuard, test),
    clears ? clearing(goal.owner.network, test) : nothing,
  );
}

/** Whether everything from the inside that leaves gets an address: then no entry can have begun without one. */
function translates(state: RulesetState | null): boolean {
  if (state === null) return false;
  const { external, network } = state.owner;
  const last = (table: string, name: string): string =>
    state.chains.find((chain) => chain.table === table && chain.name === name)?.rules.at(-1) ?? '';
  const jumps = state.hooks.some(({ chain, rule }) => chain === 'POSTROUTING' && rule === '-j GWFLEET-SNAT');
  if (jumps && last('nat', 'GWFLEET-SNAT').startsWith(`-s ${network} -o ${external} -j SNAT `)) return true;
  const recipe = `-o ${external} -j SNAT `;
  return (
    last('nat', 'POSTROUTING').startsWith(recipe) || state.hooks.some(({ rule }) => rule.startsWith(recipe))
  );
}

/**
 * One save program, as a rule: tables of the legacy backend stand in a file of /proc, and what `iptables` itself is need
 * only be asked where nobody has rules.
 */
const backend: Script = sh`gwfleet_nl='
'
gwfleet_head() {
gwfleet_found=; gwfleet_count=0; gwfleet_ifs=$IFS; IFS=$gwfleet_nl; set -f
for gwfleet_line in $1; do
case $gwfleet_line in -A*|:*' -'*|:*' DROP'*) ;; *) continue ;; esac
gwfleet_found="$gwfleet_found\${gwfleet_line% \[*}$gwfleet_nl"
gwfleet_count=$((gwfleet_count + 1)); [ $gwfleet_count -lt 3 ] || break
done
IFS=$gwfleet_ifs; set +f
}
gwfleet_nft=
gwfleet_legacy=
gwfleet_tables=
if command -v iptables-nft-save >/dev/null 2>&1; then gwfleet_nft=$(iptables-nft-save 2>/dev/null); fi
{ read -r gwfleet_tables </proc/net/ip_tables_names; } 2>/dev/null
if [ -n "$gwfleet_tables" ] && command -v iptables-legacy-save >/dev/null 2>&1; then gwfleet_legacy=$(iptables-legacy-save 2>/dev/null); fi
gwfleet_head "$gwfleet_legacy"; gwfleet_legacy_head=$gwfleet_found
gwfleet_head "$gwfleet_nft"
if [ -n "$gwfleet_found" ] && [ -n "$gwfleet_legacy_head" ]; then
printf 'both iptables backends hold rules, and both work on every packet; empty one of them.\nnft:\n%slegacy:\n%s' "$gwfleet_found" "$gwfleet_legacy_head" >&2
exit 3
fi
if [ -n "$gwfleet_found" ]; then gwfleet_backend=nft; elif [ -n "$gwfleet_legacy_head" ]; then gwfleet_backend=legacy
else case "$(iptables --version)" in *nf_tables*) gwfleet_backend=nft ;; *) gwfleet_backend=legacy ;; esac; fi
gwfleet_save=iptables-$gwfleet_backend-save
gwfleet_restore=iptables-$gwfleet_backend-restore
if ! command -v "$gwfleet_save" >/dev/null 2>&1; then gwfleet_backend=plain; gwfleet_save=iptables-save; gwfleet_restore=iptables-restore; fi
case $gwfleet_backend in nft) gwfleet_rules=$gwfleet_nft ;; legacy) gwfleet_rules=$gwfleet_legacy ;; *) gwfleet_rules= ;; esac
[ -n "$gwfleet_rules" ] || gwfleet_rules=$("$gwfleet_save") || exit 1
case "$gwfleet_rules" in *'is incompatible, use'*) printf '%s\n' "$gwfleet_rules" | grep 'is incompatible, use' >&2; exit 4 ;; esac`;

/** The plan that the composer reads: what should be there in tables that we share with others. */
function plan({ owner: { style }, chains, hooks, policy }: RulesetState): string {
  const shared: readonly string[] = style === 'seed' ? ['mangle'] : tables;
  const lines = shared.flatMap((table) => {
    const wanted = chains.filter((chain) => chain.table === table);
    const names = wanted.map(({ name }) => name);
    const rest = (ownChains[table] ?? []).filter((name) => !names.includes(name));
    return [
      ...names.map((name) => `chain ${table} ${name}`),
      ...rest.map((name) => `drop ${table} ${name}`),
      ...wanted.flatMap(({ name, rules }) => rules.map((rule) => `rule ${table} ${name} ${rule}`)),
      ...hooks
        .filter((hook) => hook.table === table)
        .map(({ chain, position, rule }) => `hook ${table} ${chain} ${position} ${rule}`),
    ];
  });
  return [...lines, ...(style === 'seed' ? [] : [`policy filter FORWARD ${policy}`])].join('\n');
}

/** The tables filter and nat as iptables-save writes them. */
export function wholeTables(chains: readonly Chain[]): string {
  const missing = Object.entries(builtins).flatMap(([table, names]) =>
    names
      .filter((name) => !chains.some((chain) => chain.table === table && chain.name === name))
      .map((name) => ({ table, name, policy: 'ACCEPT', rules: [] })),
  );
  return loadText([...missing, ...chains.filter(({ table }) => table in builtins)]);
}

/** A text for iptables-restore that declares and fills the chains. */
function loadText(chains: readonly Chain[]): string {
  return tables
    .map((table) => {
      const ours = chains.filter((chain) => chain.table === table);
      if (ours.length === 0) return '';
      const declared = ours.map(({ name, policy }) => `:${name} ${policy ?? '-'} [0:0]`);
      const rules = ours.flatMap(({ name, rules: texts }) => texts.map((text) => `-A ${name} ${text}`));
      return `${[`*${table}`, ...declared, ...rules, 'COMMIT'].join('\n')}\n`;
    })
    .join('');
}
