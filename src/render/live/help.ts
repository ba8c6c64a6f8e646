/** What the keys do. None of them is ever needed: the run ends by itself. */
import { type Line, padText, span } from './line.ts';
import type { Symbols } from './symbols.ts';

export function helpLines(symbols: Symbols): readonly Line[] {
  const marks = [
    `${symbols.waits} waits`,
    `${symbols.runs} runs`,
    `${symbols.guarded} guarded`,
    `${symbols.changed} changed`,
    `${symbols.ok} ok`,
    `${symbols.failed} failed`,
    `${symbols['rolled-back']} rolled back`,
    `${symbols.unreachable} unreachable`,
    `${symbols.unknown} unknown`,
  ];
  const keys: readonly (readonly [string, string])[] = [
    ['up/down j/k', 'choose a host'],
    ['enter', 'what this host was told and said'],
    ['d', 'what the plan changes on this host'],
    ['f', 'only hosts that failed, or all'],
    ['p', 'pause before the next batch; again: go on'],
    ['q ctrl-c', 'stop: begin no further host; ctrl-c twice leaves at once'],
    ['ctrl-z', 'suspend; fg comes back (the run waits meanwhile)'],
    ['esc', 'back'],
  ];
  return [
    ...keys.map(([key, what]): Line => [span(padText(key, 12), 'bold'), span(what)]),
    [span(marks.slice(0, 5).join('  '), 'dim')],
    [span(marks.slice(5).join('  '), 'dim')],
  ];
}
