/**
 * How deep a YAML text nests, counted by yaml's lexer, which is iterative: the parser is not, and 5,000 `[` can abort
 * the whole process in a way that no try/catch sees. So this runs before the parser, and stops at the limit.
 */
import { CST, Lexer } from 'yaml';

/** Nobody nests an inventory or a playbook this deep; the parser stands far more. */
export const depthLimit = 64;

/** The offset at which the text nests deeper than the limit, or undefined. */
export function tooDeepAt(text: string): number | undefined {
  return canBeDeep(text) ? deepAt(text) : undefined;
}

/**
 * A bound from above, a fifth of the lexer's work: flow collections need brackets, and one that certainly ends in its
 * line (no quote, comment or tag hides its end) holds no others open; of block collections each has a column of its own,
 * left of the last line's first word, or stands behind a `-`, `?` or `:` of that line.
 */
function canBeDeep(text: string): boolean {
  let brackets = 1;
  let deepest = 0;
  let lineStart = 0;
  while (lineStart <= text.length) {
    const end = text.indexOf('\n', lineStart);
    const line = text.slice(lineStart, Math.min(end < 0 ? text.length : end, lineStart + longLine));
    brackets += signsIn(line.replaceAll(closed, ''), /[[{]/g);
    deepest = Math.max(deepest, line.length - line.trimStart().length + signsIn(line, /[-?:]/g));
    if (line.length === longLine || brackets + deepest + 1 > depthLimit) return true;
    if (end < 0) return false;
    lineStart = end + 1;
  }
  return false;
}

const closed = /\{[^[\]{}"'#!]*\}|\[[^[\]{}"'#!]*\]/g;

/** A line of this length is left to the lexer. */
const longLine = 4000;

function signsIn(line: string, signs: RegExp): number {
  return line.match(signs)?.length ?? 0;
}

/** The same for every text, always by the lexer. */
export function deepAt(text: string): number | undefined {
  const columns: number[] = [];
  let flow = 0;
  let offset = 0;
  let lineStart = 0;
  let previous: string | null = null;
  let blockScalar = false;
  for (const token of new Lexer().lex(text)) {
    // The token after a scalar's mark is its text, whatever it looks like.
    const type: string | null = previous === 'scalar' ? 'text' : CST.tokenType(token);
    if (type === 'flow-seq-start' || type === 'flow-map-start') flow += 1;
    else if ((type === 'flow-seq-end' || type === 'flow-map-end') && flow > 0) flow -= 1;
    else if (flow === 0 && opensBlock.has(type ?? '') && !blockScalar) enter(columns, offset - lineStart);
    if (flow + columns.length > depthLimit) return offset;
    // The text of a block scalar (`|`) opens nothing, and its column says nothing.
    blockScalar = type === 'block-scalar-header' || (blockScalar && type !== 'scalar');
    previous = type;
    if (type === 'scalar' || isMark(token)) continue;
    offset += token.length;
    const newline = token.lastIndexOf('\n');
    if (newline >= 0) lineStart = offset - (token.length - newline - 1);
  }
  return undefined;
}

const opensBlock = new Set([
  'seq-item-ind',
  'explicit-key-ind',
  'scalar',
  'single-quoted-scalar',
  'double-quoted-scalar',
]);

/** Block collections are told apart by their column: one that is further left ends those to the right of it. */
function enter(columns: number[], column: number): void {
  while ((columns.at(-1) ?? -1) > column) columns.pop();
  if ((columns.at(-1) ?? -1) < column) columns.push(column);
}

/** Marks that stand for no text: start of a document, end of broken flow. */
function isMark(token: string): boolean {
  return token === '\x02' || token === '\x18';
}
