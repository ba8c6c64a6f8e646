/**
 * A file of the user as a YAML tree, or the reason why not in words: missing, a folder, unreadable, too large,
 * encrypted, not YAML at all.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import type { FileReading, Files } from '../source/files.ts';
import { readYaml, type YamlReading } from '../source/yaml-document.ts';

export function readSource(files: Files, path: string): YamlReading {
  const reading = files.read(path);
  if (reading.kind !== 'text') return { diagnostics: [unusable(path, reading)] };
  const start = { file: path, line: 1, col: 1 };
  if (reading.text.startsWith('$ANSIBLE_VAULT;')) {
    const hint = 'put the secret into a file given with -e @FILE, or use keys and -K';
    return {
      diagnostics: [
        { severity: 'error', message: 'files encrypted with ansible-vault are not read', place: start, hint },
      ],
    };
  }
  const yaml = readYaml(path, reading.text);
  if (yaml.root !== undefined || !looksLikeIni(reading.text)) return yaml;
  const hint = 'write it as YAML: ansible-inventory -i FILE --list --yaml --export gives the text';
  return {
    diagnostics: [
      {
        severity: 'error',
        message: 'this looks like an INI inventory; gwfleet reads YAML',
        place: start,
        hint,
      },
    ],
  };
}

/** Why a file cannot be used, as a diagnostic without a place. */
export function unusable(path: string, reading: Exclude<FileReading, { kind: 'text' }>): Diagnostic {
  return { severity: 'error', ...unusableWords(path, reading) };
}

function unusableWords(
  path: string,
  reading: Exclude<FileReading, { kind: 'text' }>,
): { message: string; hint?: string } {
  switch (reading.kind) {
    case 'missing':
      return { message: `${path} does not exist`, hint: 'the path is taken from the current folder' };
    case 'folder':
      return { message: `${path} is a folder`, hint: 'name the file in it' };
    case 'too-large':
      return { message: `${path} is too large to be meant (${reading.bytes} bytes)` };
    case 'unreadable':
      return { message: `${path} cannot be read: ${reading.why}` };
  }
}

function looksLikeIni(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !/^\s*[#;]/.test(line));
  return first !== undefined && /^\[[\w-]+(?::\w+)?\]\s*$/.test(first);
}
