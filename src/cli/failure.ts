/**
 * Everything that ends a verb without a result, in words on stderr and, with --json, as the one object on stdout. A
 * stack trace is only for our own bugs.
 */
import { CommanderError } from 'commander';
import { maskedSecrets } from '../playbook/secret-name.ts';
import { exitCodes } from '../report/exit-code.ts';
import { printDiagnostics } from '../source/caret.ts';
import type { Output } from './output.ts';
import { caretColours, textOf } from './told.ts';
import { InvalidFiles, UsageError } from './usage.ts';

export const gwfleetVersion = '0.1.0';

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
  const text = maskedSecrets(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { exit: exitCodes.bug, words: bugText(text), told: { error: text } };
}

/** Everything that a report needs and nothing of what was typed behind the verb: a path or a variable may tell much. */
function bugText(stack: string): string {
  const { argv, version, platform, arch } = process;
  const verb = argv[2] ?? '';
  return `gwfleet: a bug in gwfleet, no mistake of yours; please report these lines
${stack}
  gwfleet ${gwfleetVersion} ${/^[a-z]+$/.test(verb) ? verb : ''}, Node ${version}, ${platform} ${arch}
  what was begun on a host ends by itself or rolls back: gwfleet runs tells, and the next command on the inventory asks
`;
}

function invalid({ diagnostics, message }: InvalidFiles, output: Output): Failure {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  const words = `${printDiagnostics(diagnostics, { textOf, colours: caretColours(output) })}${count} ${count === 1 ? 'error' : 'errors'}; nothing was touched\n`;
  return { exit: exitCodes.usage, words, told: { error: message, diagnostics } };
}
