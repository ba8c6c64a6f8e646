/**
 * How the pure rooms see the disk: an interface that the CLI fills. Paths are given as the user wrote them, joined
 * with '/'. A file that cannot be used is a value with the reason, never an exception.
 */

export type FileReading =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'too-large'; readonly bytes: number };

export interface Files {
  /** The text of a file (UTF-8), following links. Files above the limit of the implementation are `too-large`. */
  read(path: string): FileReading;
  /** The names in a folder in ASCII order, or undefined when it is not a folder. */
  list(path: string): readonly string[] | undefined;
}
