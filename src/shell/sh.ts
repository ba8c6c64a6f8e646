/**
 * POSIX sh as a value. The sh`` tag is the only maker of shell text: every string put into it becomes one
 * quoted word, only another Script goes in as it is. What a reader gets wrong: sh`${'a b'}` is one word, not two.
 */
import { quote } from './quote.ts';

declare const isScript: unique symbol;

/** A piece of POSIX sh (dash, busybox ash). Made by sh``, block and feed only. */
export interface Script {
  readonly text: string;
  readonly [isScript]: true;
}

type Word = string | number;

/**
 * Shell text in which each value is one word, a list is several words, and a Script is spliced in. What the shell
 * itself is to expand in braces is written with a backslash before the dollar.
 */
export function sh(
  strings: TemplateStringsArray,
  ...values: readonly (Word | Script | readonly Word[])[]
): Script {
  const parts = partsOf(strings);
  return script(parts.reduce((text, part, i) => text + splice(values[i - 1]) + part));
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

/** What stands around the values of a tag: the same at every call, and some are called for every host. */
function partsOf(strings: TemplateStringsArray): readonly string[] {
  const parts = known.get(strings) ?? strings.raw.map((part) => part.replaceAll('\\${', '${'));
  known.set(strings, parts);
  return parts;
}

/** Scripts below each other, one a line; empty ones are left out. Put together without a copy, since blocks nest. */
export function block(...scripts: readonly Script[]): Script {
  return script(
    scripts.reduce((all, { text }) => (all === '' || text === '' ? all + text : `${all}\n${text}`), ''),
  );
}

/** Runs a command with the text on its standard input, by a here-document whose end mark is not in the text. */
export function feed(text: string, command: Script): Script {
  let mark = 'GWFLEET';
  const lines = new Set(text.split('\n'));
  while (lines.has(mark)) mark += '_';
  const body = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return script(`${command.text} <<'${mark}'\n${body}${mark}`);
}

/** The script in a subshell of its own: its variables, folder and `exit` stay inside. An empty one is no syntax. */
export function subshell(inner: Script): Script {
  return script(`(\n${inner.text === '' ? ':' : inner.text}\n)`);
}

/** Nothing to run. */
export const nothing: Script = script('');

function splice(value: Word | Script | readonly Word[] | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return String(value);
  if ('text' in value) return value.text;
  return value.map((word) => quote(String(word))).join(' ');
}

function script(text: string): Script {
  return { text } as Script;
}
