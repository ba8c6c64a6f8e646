/**
 * A mistake or a warning with its place in the user's file. All mistakes of a run are collected and shown together;
 * nothing in gwfleet throws for what a user wrote.
 */

/** A place in a text that the user wrote. Lines and columns count from 1; `endCol` is exclusive. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly endCol?: number;
}

/** Something the user should fix (`error`) or know (`warning`). */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** Where, if it is in a file at all. */
  readonly place?: Place;
  /** What to do: `did you mean 'gateways'?`, `quote it: "10.10"`. */
  readonly hint?: string;
  /** Other places that belong to it: the first of two duplicates, the alias that brought the value here. */
  readonly related?: readonly { readonly message: string; readonly place: Place }[];
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}
