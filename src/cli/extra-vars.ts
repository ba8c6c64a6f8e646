/** `-e`: `key=value` words (values are strings, as in Ansible), a YAML or JSON mapping, or `@file`. Later ones win. */
import { misspeltVariable } from '../inventory/domain.ts';
import type { Variables } from '../inventory/model.ts';
import { maskedSecrets } from '../playbook/secret-name.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Value } from '../source/value.ts';
import { readYaml } from '../source/yaml-document.ts';
import { diskFiles } from './disk-files.ts';
import { InvalidFiles, UsageError } from './usage.ts';

export function readExtraVars(given: readonly string[]): Variables {
  return new Map(given.flatMap((text) => Object.entries(readOne(text))));
}

/** `-e snat_pol=...` would do nothing, silently. */
export function misspeltVariables(extra: Variables): readonly Diagnostic[] {
  return [...extra.keys()].flatMap((name): readonly Diagnostic[] => {
    const meant = misspeltVariable(name);
    if (meant === undefined) return [];
    const message = `--extra-vars: the variable '${name}' means nothing to gwfleet`;
    return [{ severity: 'warning', message, hint: `did you mean '${meant}'?` }];
  });
}

function readOne(text: string): Readonly<Record<string, Value>> {
  if (text.startsWith('@')) return readMapping(text.slice(1), fileText(text.slice(1)));
  if (text.trimStart().startsWith('{')) return readMapping('--extra-vars', text);
  if (text.replaceAll(/'[^']*'|"[^"]*"/g, '').match(/['"]/) !== null)
    throw new UsageError(`--extra-vars: a quote in '${maskedSecrets(text)}' is not closed`);
  const words = text.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return Object.fromEntries(words.map(readPair));
}

function readPair(word: string): readonly [string, string] {
  const [, key, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
  if (key === undefined)
    throw new UsageError(
      `--extra-vars: '${word}' is not key=value`,
      'a list or a number: -e \'{"key": [1, 2]}\'',
    );
  return [
    key,
    value.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  ];
}

function readMapping(name: string, text: string): Readonly<Record<string, Value>> {
  const { root, diagnostics } = readYaml(name, text);
  if (diagnostics.length > 0) throw new InvalidFiles(diagnostics);
  const value = root?.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`--extra-vars: ${name} is not a mapping`);
  return value as Readonly<Record<string, Value>>;
}

function fileText(path: string): string {
  const reading = diskFiles.read(path);
  if (reading.kind === 'text') return reading.text;
  throw new UsageError(`--extra-vars: cannot read ${path}: ${reading.kind}`);
}
