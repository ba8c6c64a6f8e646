/** A tiny task type over one word, and what a host says of it, for tests of deciding and rolling. */

import type { HostTask, Sight, TaskTypes } from '../../src/plan/probe.ts';
import { sh } from '../../src/shell/sh.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import type { Json } from '../../src/tasks/task-type.ts';
import { facts } from '../tasks/samples.ts';

interface WordArgs {
  readonly file: string;
  readonly word: string;
}

const argsOf = (args: unknown): WordArgs => args as WordArgs;

/** A file that holds one word. The word `forbidden` is refused; `unreadable` on the host cannot be understood. */
export const word: AnyTaskType = {
  name: 'word',
  summary: 'A file with a word',
  doc: '',
  examples: [],
  schema: {} as AnyTaskType['schema'],
  problems: () => [],
  object: (args) => `word ${argsOf(args).file}`,
  probe: (args) => sh`if [ -e ${argsOf(args).file} ]; then cat ${argsOf(args).file}; else echo; fi`,
  read: ({ code, stdout }) => {
    const text = stdout.trim();
    if (code !== 0 || text === 'unreadable') return { kind: 'unknown', why: 'the file cannot be understood' };
    return text === '' ? { kind: 'absent' } : { kind: 'present', state: text };
  },
  desired: (args, seen) => {
    const { word: wanted } = argsOf(args);
    if (wanted === 'forbidden') return { kind: 'refused', why: 'this word is forbidden' };
    if (wanted !== 'longer') return { kind: 'state', state: wanted };
    return {
      kind: 'state',
      state: seen.kind === 'present' ? `${JSON.stringify(seen.state).slice(1, -1)}+` : 'short',
    };
  },
  changes: (from, to) =>
    from === to
      ? []
      : [
          {
            action: from === null ? 'create' : to === null ? 'delete' : 'update',
            kind: 'word',
            name: 'it',
            ...(from === null ? {} : { from: JSON.stringify(from).slice(1, -1) }),
            ...(to === null ? {} : { to: JSON.stringify(to).slice(1, -1) }),
          },
        ],
  apply: () => sh`:`,
  boot: () => [],
  undo: 'turned',
  touches: 'reachability',
};

/** Must hold `word` after the play, and never changes it. */
export const mustBe: AnyTaskType = {
  ...word,
  name: 'must_be',
  object: (args) => `check ${argsOf(args).file}`,
  changes: () => [],
  touches: 'nothing',
  verifyOnly: true,
};

export const types: TaskTypes = new Map([word, mustBe].map((type) => [type.name, type]));

export function task(id: string, args: WordArgs, type = 'word'): HostTask {
  return {
    id,
    type,
    name: `task ${id}`,
    place: { file: 'site.yaml', line: 3, col: 5 },
    args: args as unknown as Json,
  };
}

export function sight(said: Readonly<Record<string, string>>): Sight {
  const outputs = Object.entries(said).map(
    ([id, stdout]) => [id, { code: 0, stdout: `${stdout}\n`, stderr: '' }] as const,
  );
  return { facts, outputs: new Map(outputs) };
}
