/**
 * `completion` prints what a shell sources; the shell then asks `gwfleet complete -- WORDS...` (the last word is the one
 * under the cursor) and gets one candidate a line. Verbs and flags come from the program itself, hosts and groups from
 * the inventory on the line. With files that cannot be read it is silent: nobody wants errors between two tabs.
 */
import type { Command, Option } from 'commander';
import { readInventory } from '../inventory/read-inventory.ts';
import { exitCodes } from '../report/exit-code.ts';
import { stateFolder } from '../run/history.ts';
import { pastRunIds } from '../run/past-run.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { taskTypes } from '../tasks/registry.ts';
import { diskFiles } from './disk-files.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage.ts';

const scripts: Readonly<Record<string, string>> = {
  bash: `# gwfleet: source <(gwfleet completion bash)
_gwfleet() {
  local IFS=$'\\n' word=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=($(gwfleet complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
  [[ \${COMPREPLY[0]} == *[,:\\&!] ]] && compopt -o nospace
}
complete -o filenames -F _gwfleet gwfleet
`,
  zsh: `#compdef gwfleet
# gwfleet: source <(gwfleet completion zsh), after compinit
_gwfleet() {
  local -a found
  found=(\${(f)"$(gwfleet complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -Q -a found; else _files; fi
}
compdef _gwfleet gwfleet
`,
  fish: `# gwfleet: gwfleet completion fish | source
function __gwfleet
  set -l words (commandline -opc) (commandline -ct)
  gwfleet complete -- $words[2..] 2>/dev/null
end
complete -c gwfleet -n 'test -n "$(__gwfleet)"' -f -a '(__gwfleet)'
`,
};

export function completion(shell: string, output: Output): Promise<number> {
  const script = scripts[shell];
  if (script === undefined)
    throw new UsageError(
      `there is no completion for '${shell}'`,
      didYouMean(shell, Object.keys(scripts)) ?? 'bash, zsh or fish',
    );
  output.result(script);
  return Promise.resolve(exitCodes.asWanted);
}

export function complete(root: Command, typed: readonly string[], output: Output): Promise<number> {
  const found = candidates(root, typed.slice(0, -1), typed.at(-1) ?? '');
  output.result([...new Set(found)].map((word) => `${word}\n`).join(''));
  return Promise.resolve(exitCodes.asWanted);
}

function candidates(root: Command, before: readonly string[], word: string): readonly string[] {
  const { verb, rest } = verbOf(root, before);
  const flag = verb.options.find((one) => one.required && isSpelt(one, before.at(-1)));
  if (flag !== undefined) {
    if (flag.argChoices !== undefined) return starting(flag.argChoices, word);
    return flag.long === '--limit' ? limits(rest, word) : [];
  }
  if (word.startsWith('-'))
    return starting([...verb.options.flatMap(({ long }) => long ?? []), '--help'], word);
  const verbs = verb.commands.map((one) => one.name()).filter((name) => name !== 'complete');
  if (verbs.length > 0 && rest.length === 0) return starting(verbs, word);
  return starting(argumentsOf(verb, rest), word);
}

/** The verb that the words name, and what follows it that is no flag. */
function verbOf(root: Command, before: readonly string[]): { verb: Command; rest: readonly string[] } {
  let verb = root;
  const rest: string[] = [];
  for (const [index, word] of before.entries()) {
    const next: Command | undefined = verb.commands.find((one) => one.name() === word);
    if (rest.length === 0 && next !== undefined) verb = next;
    else if (!word.startsWith('-') && !takesValue(verb, before[index - 1])) rest.push(word);
  }
  return { verb, rest };
}

function takesValue(verb: Command, word: string | undefined): boolean {
  return verb.options.some((one) => one.required && isSpelt(one, word));
}

/** What the next argument can be. Files are left to the shell. */
function argumentsOf(verb: Command, rest: readonly string[]): readonly string[] {
  const wanted = verb.registeredArguments[rest.length]?.name() ?? '';
  if (wanted === 'run-id') return pastRunIds(stateFolder(process.env));
  if (wanted === 'task-type') return [...taskTypes.keys()];
  if (wanted === 'gateway') return names(rest).groups.get('gateways') ?? [];
  return wanted.includes('|') && !wanted.includes('file') ? wanted.split('|') : [];
}

/** The last element of a pattern; what stands before it stays. */
function limits(rest: readonly string[], word: string): readonly string[] {
  const [, head = '', last = ''] = /^(.*[,:&!])?(.*)$/.exec(word) ?? [];
  const { hosts, groups } = names(rest);
  return starting([...groups.keys(), ...hosts, '@last:failed'], last).map((name) => head + name);
}

interface Names {
  readonly hosts: readonly string[];
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/** Of the first word that is an inventory. */
function names(rest: readonly string[]): Names {
  for (const path of rest) {
    const { inventory } = readInventory(diskFiles, path, new Map());
    if (inventory === undefined) continue;
    const groups = [...inventory.groups].map(([name, group]) => [name, [...group.hosts]] as const);
    return { hosts: [...inventory.hosts.keys()], groups: new Map(groups) };
  }
  return { hosts: [], groups: new Map() };
}

function starting(words: readonly string[], with_: string): readonly string[] {
  return words.filter((word) => word.startsWith(with_));
}

function isSpelt({ short, long }: Option, word: string | undefined): boolean {
  return word !== undefined && (word === short || word === long);
}
