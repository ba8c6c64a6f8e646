/**
 * A playbook from its file, offline: all mistakes at once, none of them needing a host. Without errors there is a
 * playbook; with errors there is none.
 */
import { unusable } from '../inventory/source-file.ts';
import { type Diagnostic, hasErrors } from '../source/diagnostic.ts';
import type { Files } from '../source/files.ts';
import { kindOf } from '../source/value.ts';
import { readYaml, type SourceNode } from '../source/yaml-document.ts';
import type { Play, Playbook } from './play.ts';
import { readPlay } from './play-reading.ts';
import type { TaskTypes } from './task-reading.ts';

export interface PlaybookReading {
  readonly playbook?: Playbook;
  readonly diagnostics: readonly Diagnostic[];
}

export function readPlaybook(files: Files, path: string, types: TaskTypes): PlaybookReading {
  const reading = files.read(path);
  if (reading.kind !== 'text') return { diagnostics: [unusable(path, reading)] };
  const yaml = readYaml(path, reading.text);
  if (yaml.root === undefined)
    return { diagnostics: yaml.diagnostics.map((one) => quoted(one, reading.text)) };
  const diagnostics = [...yaml.diagnostics];
  const plays = readPlays(yaml.root, types, diagnostics);
  return hasErrors(diagnostics) ? { diagnostics } : { playbook: { file: path, plays }, diagnostics };
}

function readPlays(root: SourceNode, types: TaskTypes, diagnostics: Diagnostic[]): readonly Play[] {
  if (root.items === undefined || root.items.length === 0) {
    const message =
      root.items === undefined && root.value !== null
        ? `a playbook is a list of plays, and this is ${kindOf(root.value)}`
        : 'this playbook is empty';
    diagnostics.push({ severity: 'error', message, place: root.place, hint: "begin each play with '- '" });
    return [];
  }
  return root.items.flatMap((node, index) => {
    const play = readPlay(node, `p${index + 1}`, { types, diagnostics });
    return play === undefined ? [] : [play];
  });
}

/** Without quotes YAML takes `{{` for a mapping in a mapping, and says so in words that help nobody. */
function quoted(diagnostic: Diagnostic, text: string): Diagnostic {
  const line = text.split('\n')[(diagnostic.place?.line ?? 0) - 1] ?? '';
  return /:\s*\{\{/.test(line)
    ? { ...diagnostic, hint: 'a value that begins with a template must be quoted: "{{ variable }}"' }
    : diagnostic;
}
