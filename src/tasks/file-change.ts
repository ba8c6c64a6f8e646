/** The plan's line for a file: what it is in few words, and the whole difference for `--diff full`. */
import { diffLines } from 'diff';
import type { FileState } from './file.ts';
import type { Change } from './task-type.ts';

/** Beyond this many lines a difference is "all of it": finding the least one takes their square. */
const editLimit = 800;

/** No line where the two are equal; an owner or group of null equals any. */
export function fileChange(from: FileState | null, to: FileState | null): readonly Change[] {
  const name = to?.path ?? from?.path ?? '';
  const detail = difference(contentText(from), contentText(to));
  if (from === null && to === null) return [];
  if (from === null) return [{ action: 'create', kind: 'file', name, to: described(to), detail }];
  if (to === null) return [{ action: 'delete', kind: 'file', name, from: described(from), detail }];
  if (equal(from, to)) return [];
  const change = { action: 'update', kind: 'file', name, from: described(from), to: described(to) } as const;
  return [detail.length === 0 ? change : { ...change, detail }];
}

function equal(from: FileState, to: FileState): boolean {
  const same = (one: string | null, other: string | null): boolean => other === null || one === other;
  return (
    contentText(from) === contentText(to) &&
    from.mode === to.mode &&
    same(from.owner, to.owner) &&
    same(from.group, to.group)
  );
}

/** The text; for bytes that were not kept, a line that tells them from others. */
export function contentText(state: FileState | null): string {
  if (state === null) return '';
  return typeof state.content === 'string' ? state.content : `(bytes ${state.content.cksum})\n`;
}

function described(state: FileState | null): string {
  if (state === null) return '';
  const lines = contentText(state).split('\n').length - (contentText(state).endsWith('\n') ? 1 : 0);
  const size =
    typeof state.content !== 'string'
      ? 'bytes'
      : state.content === ''
        ? 'empty'
        : `${lines} line${lines === 1 ? '' : 's'}`;
  const who = [state.owner, state.group].filter((one) => one !== null).join(':');
  return [size, state.mode, who].filter((word) => word !== '').join(' ');
}

function difference(from: string, to: string): readonly string[] {
  if (from === to) return [];
  const parts = diffLines(from, to, { maxEditLength: editLimit }) ?? [
    { added: false, removed: true, value: from },
    { added: true, removed: false, value: to },
  ];
  return parts.flatMap(({ added, removed, value }) => {
    const mark = added ? '+' : removed ? '-' : ' ';
    const lines = value.split('\n');
    if (lines.at(-1) === '') lines.pop();
    else lines.push('\\ no newline at the end');
    return lines.map((line) => (line.startsWith('\\ no newline') ? ` ${line}` : mark + line));
  });
}
