/** The difference of two rulesets as lines of a plan: one for each chain, one for the jumps of a chain, the policy. */
import { diffArrays } from 'diff';
import type { Change } from '../task-type.ts';
import { unavailable } from './leak-guard.ts';
import type { Chain, Hook, RulesetState } from './state.ts';

export function rulesetChanges(from: RulesetState | null, to: RulesetState | null): readonly Change[] {
  const before = new Map((from?.chains ?? []).map((chain) => [chainKey(chain), chain]));
  const after = new Map((to?.chains ?? []).map((chain) => [chainKey(chain), chain]));
  const chains = [...new Set([...after.keys(), ...before.keys()])].flatMap((key) =>
    chainChange(before.get(key), after.get(key)),
  );
  return [
    ...chains,
    ...hookChanges(from?.hooks ?? [], to?.hooks ?? []),
    ...policyChange(from, to),
    ...guardChange(from, to),
  ];
}

function chainChange(before: Chain | undefined, after: Chain | undefined): readonly Change[] {
  const base = { kind: 'ruleset', name: after?.name ?? before?.name ?? '' };
  const detail = difference(before?.rules ?? [], after?.rules ?? []);
  if (before === undefined)
    return after === undefined ? [] : [{ ...base, action: 'create', to: count(after), detail }];
  if (after === undefined) return [{ ...base, action: 'delete', from: count(before), detail }];
  const touched = detail.some((line) => !line.startsWith(' '));
  // The policy of FORWARD has a line of its own.
  const policy = before.policy !== after.policy && after.name !== 'FORWARD';
  if (!touched && !policy) return [];
  const head = (chain: Chain): string =>
    policy ? `policy ${chain.policy ?? '-'}, ${count(chain)}` : count(chain);
  return [{ ...base, action: 'update', from: head(before), to: head(after), detail }];
}

function hookChanges(before: readonly Hook[], after: readonly Hook[]): readonly Change[] {
  const keys = [...new Set([...after, ...before].map(hookKey))];
  return keys.flatMap((key): readonly Change[] => {
    const olds = before.filter((hook) => hookKey(hook) === key);
    const news = after.filter((hook) => hookKey(hook) === key);
    const lines = (hooks: readonly Hook[]): readonly string[] =>
      hooks.map(({ chain, position, rule }) => `-I ${chain} ${position} ${rule}`);
    const detail = difference(lines(olds), lines(news));
    if (detail.every((line) => line.startsWith(' '))) return [];
    const base = { kind: 'ruleset', name: (news[0] ?? olds[0])?.chain ?? '', detail };
    if (olds.length === 0) return [{ ...base, action: 'create', to: said(news) }];
    if (news.length === 0) return [{ ...base, action: 'delete', from: said(olds) }];
    return [{ ...base, action: 'update', from: said(olds), to: said(news) }];
  });
}

function policyChange(from: RulesetState | null, to: RulesetState | null): readonly Change[] {
  const [before, after] = [from?.policy ?? 'ACCEPT', to?.policy ?? 'ACCEPT'];
  if (before === after) return [];
  return [{ action: 'update', kind: 'ruleset', name: 'FORWARD policy', from: before, to: after }];
}

function guardChange(from: RulesetState | null, to: RulesetState | null): readonly Change[] {
  const rule = (state: RulesetState | null): string | undefined =>
    state?.leakGuard === unavailable ? undefined : (state?.leakGuard ?? undefined);
  const [before, after] = [rule(from), rule(to)];
  const base = { kind: 'ruleset', name: 'leak guard' };
  if (before === after) return [];
  if (before === undefined) return [{ ...base, action: 'create', to: after ?? '' }];
  if (after === undefined) return [{ ...base, action: 'delete', from: before }];
  return [{ ...base, action: 'update', from: before, to: after }];
}

function said(hooks: readonly Hook[]): string {
  return hooks
    .map(({ rule, position }) => {
      const jump = /^-[jg] (\S+)$/.exec(rule)?.[1];
      return jump === undefined ? `rule at ${position}` : `jump to ${jump} at ${position}`;
    })
    .join(', ');
}

function count({ rules }: Chain): string {
  return rules.length === 1 ? '1 rule' : `${rules.length} rules`;
}

function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  if (before.length === 0) return after.map((line) => `+${line}`);
  return diffArrays([...before], [...after]).flatMap(({ added, removed, value }) =>
    value.map((line) => `${added ? '+' : removed ? '-' : ' '}${line}`),
  );
}

function chainKey({ table, name }: Chain): string {
  return `${table} ${name}`;
}

function hookKey({ table, chain }: Hook): string {
  return `${table} ${chain}`;
}
