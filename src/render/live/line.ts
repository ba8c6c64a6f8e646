/**
 * A line of the interface as spans: text with a tone. It is cut to the width before it is painted, because a line that
 * wraps makes the height wrong, and a wrong height leaves old lines on the screen.
 */
import stringWidth from 'string-width';
import type { Palette } from '../palette.ts';

export type Tone = 'plain' | 'dim' | 'bold' | 'good' | 'bad' | 'busy' | 'alarm';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

export type Line = readonly Span[];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** Columns that a text takes on a screen. */
export function columns(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

/** The line within `width` columns; what is cut off is marked by `more`. */
export function cutLine(line: Line, width: number, more: string): Line {
  if (columns(textOf(line)) <= width) return line;
  const room = width - columns(more);
  const kept: Span[] = [];
  let used = 0;
  for (const { text, tone } of line) {
    const cut = cutText(text, room - used);
    if (cut !== '') kept.push(span(cut, tone));
    used += columns(cut);
    if (cut !== text) break;
  }
  return room < 0 ? [] : [...kept, span(more, 'dim')];
}

/** As much of a text as fits, whole characters only. */
export function cutText(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let [kept, used] = ['', 0];
  for (const character of text) {
    used += columns(character);
    if (used > width) break;
    kept += character;
  }
  return kept;
}

/** Filled up with spaces, or cut, to exactly `width` columns. */
export function padText(text: string, width: number): string {
  const cut = cutText(text, width);
  return cut + ' '.repeat(Math.max(0, width - columns(cut)));
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** Neighbours of one tone are painted together: a strip of 400 marks is a few escape codes, not 400. */
export function paintLine(line: Line, colours: Palette): string {
  const joined: Span[] = [];
  for (const { text, tone = 'plain' } of line) {
    const last = joined.at(-1);
    if (last?.tone === tone) joined[joined.length - 1] = span(last.text + text, tone);
    else joined.push(span(text, tone));
  }
  return joined.map((one) => painted(one, colours)).join('');
}

function painted({ text, tone = 'plain' }: Span, colours: Palette): string {
  switch (tone) {
    case 'plain':
      return text;
    case 'dim':
      return colours.dim(text);
    case 'bold':
      return colours.bold(text);
    case 'good':
      return colours.green(text);
    case 'bad':
      return colours.red(text);
    case 'busy':
      return colours.yellow(text);
    case 'alarm':
      return colours.bold(colours.red(text));
  }
}
