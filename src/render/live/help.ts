/** What the keys do. None of them is ever needed: the run ends by itself. */
import { columns, type Line, padText, span } from './line.ts';
import type { Symbols } from './symbols.ts';
import type { Size } from './view.ts';

export interface Help {
  readonly keys: readonly (readonly [key: string, what: string])[];
  readonly marks: readonly string[];
}

const keyWidth = 12;

/** Broken into more lines where the screen is narrow, as long as it is high enough for all of them. */
export function helpLines({ keys, marks }: Help, { width, height }: Size): readonly Line[] {
  const lines = (room: number): readonly Line[] => [
    ...keys.flatMap(([key, what]) =>
      broken(what, room - keyWidth).map((words, at): Line => {
        return [span(padText(at === 0 ? key : '', keyWidth), 'bold'), span(words)];
      }),
    ),
    ...marks.flatMap((mark) => broken(mark, room)).map((words): Line => [span(words, 'dim')]),
  ];
  const whole = lines(width);
  return (whole.length <= height ? whole : lines(Number.POSITIVE_INFINITY)).slice(0, height);
}

/** Between words; two spaces, or one, are where a line may end. */
function broken(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<= )(?! )/)) {
    const last = lines.at(-1);
    if (last !== undefined && columns((last + word).trimEnd()) <= width)
      lines[lines.length - 1] = last + word;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
}

export function runHelp(symbols: Symbols): Help {
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
  return {
    keys: [
      ['up/down j/k', 'choose a host'],
      ['enter', 'what this host was told and said'],
      ['d', 'what the plan changes on this host'],
      ['f', 'only hosts that failed, or all'],
      ['p', 'pause before the next batch; again: go on'],
      ['q ctrl-c', 'stop: begin no further host; ctrl-c twice leaves at once'],
      ['ctrl-z', 'suspend; fg comes back (the run waits meanwhile)'],
      ['esc', 'back'],
    ],
    marks: [marks.slice(0, 5).join('  '), marks.slice(5).join('  ')],
  };
}
