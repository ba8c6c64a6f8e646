/**
 * The one printer of diagnostics: `file:line:col: error: message`, the source line with a caret, the hint, related
 * places. Everything the user's file contributes is escaped: a file must not be able to move the cursor.
 */
import type { Diagnostic, Place } from './diagnostic.ts';

export interface CaretColours {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

export interface CaretOptions {
  /** The text of a file, for its source lines; undefined: the place is printed without them. */
  readonly textOf: (file: string) => string | undefined;
  readonly colours?: CaretColours;
}

/** All diagnostics as text for a screen, sorted by place, equal ones once, errors without a place first. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], options: CaretOptions): string {
  const blocks = sortedDiagnostics(diagnostics).map((diagnostic) => block(diagnostic, options));
  return blocks.length === 0 ? '' : `${blocks.join('\n')}\n`;
}

/** By file, line and column; what two readers both found is there once. */
export function sortedDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { place, severity, message } = diagnostic;
    const key = JSON.stringify([severity, message, place?.file, place?.line, place?.col]);
    if (!unique.has(key)) unique.set(key, diagnostic);
  }
  return [...unique.values()].sort((left, right) => comparePlaces(left.place, right.place));
}

function comparePlaces(left: Place | undefined, right: Place | undefined): number {
  if (left === undefined || right === undefined) {
    return (left === undefined ? 0 : 1) - (right === undefined ? 0 : 1);
  }
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.col - right.col;
}

function block(diagnostic: Diagnostic, options: CaretOptions): string {
  const { severity, message, place, hint, related = [] } = diagnostic;
  const colours = options.colours ?? plain;
  const where = place === undefined ? '' : `${colours.bold(shownPlace(place))}: `;
  const lines = [`${where}${colours[severity](`${severity}:`)} ${visible(message)}`];
  if (place !== undefined) lines.push(...excerpt(place, options));
  if (hint !== undefined) lines.push(`  hint: ${visible(hint)}`);
  for (const { message: text, place: other } of related) {
    lines.push(`  ${shownPlace(other)}: ${visible(text)}`, ...excerpt(other, options));
  }
  return lines.join('\n');
}

const plain: CaretColours = {
  error: (text) => text,
  warning: (text) => text,
  dim: (text) => text,
  bold: (text) => text,
};

/** `inventories/prod.yaml:7:11`. */
export function shownPlace({ file, line, col }: Place): string {
  return `${visible(file)}:${line}:${col}`;
}

/** What fits beside the line number on a screen; longer lines are shown around the caret. */
const widthLimit = 100;

/** The line before, the line itself and the caret. */
function excerpt(place: Place, { textOf, colours = plain }: CaretOptions): string[] {
  const lines = textOf(place.file)?.split(/\r?\n/) ?? [];
  const line = lines[place.line - 1];
  if (line === undefined) return [];
  const gutter = String(place.line).length;
  const before = lines[place.line - 2];
  const from = place.col > widthLimit ? place.col - widthLimit / 2 : 0;
  const head = visible(line.slice(from, place.col - 1));
  const end = Math.min(place.endCol ?? place.col + 1, line.length + 1, from + widthLimit);
  const marked = visible(line.slice(place.col - 1, end - 1));
  const rows = [
    numbered(place.line, gutter, `${head}${visible(line.slice(place.col - 1, from + widthLimit))}`),
    numbered(
      undefined,
      gutter,
      `${' '.repeat(head.length)}${colours.error('^'.repeat(Math.max(1, marked.length)))}`,
    ),
  ];
  if (before !== undefined && before.trim() !== '' && from === 0) {
    rows.unshift(colours.dim(numbered(place.line - 1, gutter, visible(before.slice(0, widthLimit)))));
  }
  return rows;
}

function numbered(line: number | undefined, gutter: number, text: string): string {
  return `  ${String(line ?? '').padStart(gutter)} | ${text}`.trimEnd();
}

/** Control characters, and those that turn the direction of text around, as `\x1b` and `\u202e`; a tab as a blank. */
export function visible(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (char) => `\\x${hex(char, 2)}`)
    .replace(/[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (char) => `\\u${hex(char, 4)}`);
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, '0');
}
