/**
 * Everything that ends a verb without a result, in words on stderr and, with --json, as the one object on stdout. A
 * stack trace is only for our own bugs.
 */
import { CommanderError } from 'commander';
import { exitCodes } from '../report/exit-code.ts';
import { printDiagnostics } from '../source/caret.ts';
import type { Output } from './output.ts';
import { caretColours, textOf } from './told.ts';
import { InvalidFiles, UsageError } from './usage.ts';

/** Tells it and gives the exit code. */
export function tellFailure(error: unknown, output: Output, form: 'words' | 'json'): number {
  const { exit, words, told } = described(error, output);
  output.tell(words);
  if (form === 'json' && exit !== exitCodes.asWanted)
    output.result(`${JSON.stringify({ v: 1, exit, ...told })}\n`);
  return exit;
}

interface Failure {
  readonly exit: number;
  readonly words: string;
  readonly told: object;
}

function described(error: unknown, output: Output): Failure {
  if (error instanceof CommanderError) {
    const exit = error.exitCode === 0 ? exitCodes.asWanted : exitCodes.usage;
    return { exit, words: '', told: { error: error.message } };
  }
  if (error instanceof UsageError) {
    const { message, hint, exit } = error;
    const words = `gwfleet: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`;
    return { exit, words, told: { error: message, hint } };
  }
  if (error instanceof InvalidFiles) return invalid(error, output);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const words = `gwfleet: a bug in gwfleet, please report it\n${text}\n`;
  return { exit: exitCodes.bug, words, told: { error: text } };
}

function invalid({ diagnostics, message }: InvalidFiles, output: Output): Failure {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  const words = `${printDiagnostics(diagnostics, { textOf, colours: caretColours(output) })}${count} ${count === 1 ? 'error' : 'errors'}; nothing was touched\n`;
  return { exit: exitCodes.usage, words, told: { error: message, diagnostics } };
}
