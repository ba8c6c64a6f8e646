/**
 * The words of an expression, for templates and for `when`. A token that cannot be read is a token of its own
 * (`bad`), so that the parsers report it at its place and go on.
 */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'sign' | 'bad' | 'end';
  /** As written; for strings the text between the quotes. */
  readonly text: string;
  /** From the start of the expression, in UTF-16 units. */
  readonly offset: number;
  readonly length: number;
}

const shapes: readonly (readonly [Token['kind'], RegExp])[] = [
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /\d+(?:\.\d+)?(?![A-Za-z0-9_.])/y],
  ['string', /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y],
  ['sign', /==|!=|<=|>=|[<>()[\],|.{}:~+\-*/%=]/y],
];

/** All tokens of the text, the last one of kind `end`. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at);
    found.push(token);
    at += token.length;
  }
  found.push({ kind: 'end', text: '', offset: text.length, length: 1 });
  return found;
}

function tokenAt(text: string, offset: number): Token {
  for (const [kind, shape] of shapes) {
    shape.lastIndex = offset;
    const match = shape.exec(text)?.[0];
    if (match === undefined) continue;
    return { kind, text: kind === 'string' ? unquoted(match) : match, offset, length: match.length };
  }
  const word = /\S+/y;
  word.lastIndex = offset;
  const rest = word.exec(text)?.[0] ?? text.charAt(offset);
  return { kind: 'bad', text: rest, offset, length: rest.length };
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t' };

/** How a token is called in a message. */
export function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : `'${token.text}'`;
}

/** The words that mean a value. Jinja takes both spellings. */
export const constants: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
  ['null', null],
]);
