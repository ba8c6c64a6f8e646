/**
 * One mark for each host, in the order of the inventory. Where that takes more lines than there are, neighbours share
 * a mark, and it is that of the one in the worst trouble.
 */
import type { HostState } from '../../report/run-state.ts';
import { type Line, type Span, span } from './line.ts';
import { type Mark, markOf } from './symbols.ts';
import type { LiveView } from './view.ts';

/** What a shared mark shows first. */
const worstFirst: readonly Mark['name'][] = [
  ...(['unknown', 'failed', 'rolled-back', 'unreachable', 'guarded', 'runs'] as const),
  ...(['waits', 'skipped', 'changed', 'ok'] as const),
];

export function strip({ state, symbols }: LiveView, width: number, lines: number): readonly Line[] {
  const hosts = [...state.hosts.values()];
  if (lines < 1 || hosts.length === 0) return [];
  const share = Math.ceil(hosts.length / (width * lines));
  const marks: Span[] = [];
  for (let at = 0; at < hosts.length; at += share) {
    const { name, tone } = worst(hosts.slice(at, at + share));
    marks.push(span(symbols[name], tone));
  }
  const rows = Math.ceil(marks.length / width);
  return Array.from({ length: rows }, (_, row) => marks.slice(row * width, (row + 1) * width));
}

function worst(hosts: readonly HostState[]): Mark {
  const marks = hosts.map(markOf);
  return marks.reduce((before, mark) =>
    worstFirst.indexOf(mark.name) < worstFirst.indexOf(before.name) ? mark : before,
  );
}
