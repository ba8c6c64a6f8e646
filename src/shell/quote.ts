/**
 * One word of POSIX sh from any string. Nothing else in gwfleet may quote.
 * NUL cannot be carried by a shell word at all, so it is refused instead of being cut silently.
 */

const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** The text as exactly one sh word: bare when it is harmless, single-quoted otherwise. Throws on NUL. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new Error('a NUL byte cannot be part of a shell word');
  if (plain.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
