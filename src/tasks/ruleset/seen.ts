/**
 * The probe's output as a state. Where the host spells a wanted rule in its own way (it said so in the part
 * `normal`), the live rule is read as the wanted one, so that spelling is no difference.
 */
import { readGuard } from './leak-guard.ts';
import { type Chain, type Hook, hooksInOrder, inOrder, type Owner, type RulesetState } from './state.ts';

export function readRuleset(text: string, owner: Owner, wanted: readonly Chain[]): RulesetState | undefined {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const backend = lines[0]?.replace(/^backend /, '');
  if (backend !== 'nft' && backend !== 'legacy' && backend !== 'plain') return undefined;
  const end = lines.indexOf('end');
  if (end === -1) return undefined;
  const cut = lines.indexOf('normal');
  const seen = lines.slice(1, cut === -1 ? end : cut);
  const spelled = chainsIn(cut === -1 ? [] : lines.slice(cut + 1, end));
  return {
    backend,
    owner,
    chains: inOrder(chainsIn(seen).map((chain) => respelled(chain, spelled, wanted))),
    hooks: hooksInOrder(seen.flatMap(hookIn)),
    policy: seen.find((line) => line.startsWith('policy '))?.slice('policy '.length) ?? 'ACCEPT',
    leakGuard: readGuard(
      seen.find((line) => /^guard\b/.test(line)),
      owner,
    ),
  };
}

function chainsIn(lines: readonly string[]): readonly Chain[] {
  const chains = new Map<string, Chain & { readonly rules: string[] }>();
  for (const line of lines) {
    const [head = '', name = '', ...rest] = line.split(' ');
    const table = head.slice(1);
    const key = `${table} ${name}`;
    if (head.startsWith(':')) {
      const policy = rest[0] === '-' ? null : (rest[0] ?? null);
      chains.set(key, { table, name, policy, rules: [] });
    } else if (head.startsWith('-')) {
      chains.get(key)?.rules.push(line.slice(key.length + 2));
    }
  }
  return [...chains.values()];
}

function hookIn(line: string): readonly Hook[] {
  if (!line.startsWith('@')) return [];
  const [head = '', chain = '', position = '', ...words] = line.split(' ');
  return [{ table: head.slice(1), chain, position: Number(position), rule: words.join(' ') }];
}

/** Rule by rule: the n-th spelled rule of a chain is the n-th wanted one. */
function respelled(chain: Chain, spelled: readonly Chain[], wanted: readonly Chain[]): Chain {
  const same = (one: Chain): boolean => one.table === chain.table && one.name === chain.name;
  const theirs = spelled.find(same)?.rules ?? [];
  const ours = wanted.find(same)?.rules ?? [];
  if (theirs.length !== ours.length) return chain;
  const spelling = new Map(theirs.map((rule, i) => [rule, ours[i] ?? rule]));
  return { ...chain, rules: chain.rules.map((rule) => spelling.get(rule) ?? rule) };
}
