/**
 * A user's mistake on the way to a run: told in words, exit 5, nothing touched. The only exception that verbs throw
 * on purpose; `main` prints it without a stack trace.
 */
import { exitCodes } from '../report/exit-code.ts';
import type { Diagnostic } from '../source/diagnostic.ts';

export class UsageError extends Error {
  readonly hint: string | undefined;
  /** 5 but for a plan that is stale before any host was asked (6). */
  readonly exit: number;
  constructor(message: string, hint?: string, exit: number = exitCodes.usage) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
    this.exit = exit;
  }
}

/** Mistakes in the user's files, all at once. */
export class InvalidFiles extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super('the files have mistakes');
    this.name = 'InvalidFiles';
    this.diagnostics = diagnostics;
  }
}
