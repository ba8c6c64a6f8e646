/**
 * The files beside an inventory: `group_vars/` and `host_vars/`, found as Ansible finds them (NAME, then .yml, .yaml,
 * .json: the first counts; a folder gives all its files in ASCII order). The folder is listed once, so that thousands
 * of hosts cost no thousands of looks at the disk.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { nearest } from '../source/did-you-mean.ts';
import type { Files } from '../source/files.ts';
import { kindOf } from '../source/value.ts';
import type { WrittenVariables } from './group-graph.ts';
import { readSource } from './source-file.ts';

const extensions = ['', '.yml', '.yaml', '.json'];

export interface VariableFolder {
  readonly path: string;
  readonly names: ReadonlySet<string>;
  readonly files: Files;
  readonly diagnostics: Diagnostic[];
}

/** `group_vars` or `host_vars` in the folder of the inventory. A missing one is empty. */
export function variableFolder(
  files: Files,
  inventory: string,
  name: 'group_vars' | 'host_vars',
): VariableFolder {
  const path = inventory.slice(0, inventory.lastIndexOf('/') + 1) + name;
  return { path, names: new Set(files.list(path)), files, diagnostics: [] };
}

/** What the files say of one group or host. */
export function variablesIn(folder: VariableFolder, name: string): WrittenVariables {
  const found = extensions.map((extension) => name + extension).find((file) => folder.names.has(file));
  const variables: WrittenVariables = new Map();
  if (found === undefined) return variables;
  for (const path of filesAt(folder.files, `${folder.path}/${found}`)) readInto(variables, folder, path);
  return variables;
}

/** Files that belong to nobody and look misspelt: Ansible ignores them without a word. */
export function strayFiles(
  folder: VariableFolder,
  known: ReadonlySet<string>,
  what: string,
): readonly Diagnostic[] {
  return [...folder.names].flatMap((file) => {
    const name = file.replace(/\.(?:ya?ml|json)$/, '');
    const meant =
      known.has(name) || known.has(file) || file.startsWith('.') ? undefined : nearest(name, known);
    // web02 beside web01 is another inventory's host, not a slip.
    if (meant === undefined || letters(meant) === letters(name)) return [];
    if (extensions.some((extension) => folder.names.has(meant + extension))) return [];
    const message = `there is no ${what} '${name}', so ${folder.path}/${file} is not read`;
    return [{ severity: 'warning', message, hint: `did you mean '${meant}'?` } satisfies Diagnostic];
  });
}

function letters(name: string): string {
  return name.replace(/\d+/g, '');
}

function filesAt(files: Files, path: string): readonly string[] {
  const names = files.list(path);
  if (names === undefined) return [path];
  return names.flatMap((name) => {
    if (name.startsWith('.') || name.endsWith('~')) return [];
    const extension = /\.[^.]*$/.exec(name)?.[0] ?? '';
    if (!extensions.includes(extension)) return [];
    const inner = `${path}/${name}`;
    if (extension === '') return filesAt(files, inner);
    return files.list(inner) === undefined ? [inner] : [];
  });
}

function readInto(variables: WrittenVariables, { files, diagnostics }: VariableFolder, path: string): void {
  const { root, diagnostics: problems } = readSource(files, path);
  diagnostics.push(...problems);
  if (root === undefined || isNothing(root.value)) return;
  if (root.entries === undefined) {
    const message = `a file of variables is a mapping, and this is ${kindOf(root.value)}`;
    diagnostics.push({ severity: 'error', message, place: root.place });
    return;
  }
  for (const { key, node } of root.entries) variables.set(key, node);
}

/** Ansible ignores a file whose value is false in Python. */
function isNothing(value: unknown): boolean {
  return (
    value === null ||
    value === '' ||
    value === false ||
    value === 0 ||
    (Array.isArray(value) && value.length === 0)
  );
}
