/** Diagnostics on the way to a screen: colours, and the source lines of the user's files. */
import { type CaretColours, printDiagnostics } from '../source/caret.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { diskFiles } from './disk-files.ts';
import type { Output } from './output.ts';

export function caretColours({ tellColours: { red, yellow, dim, bold } }: Output): CaretColours {
  return { error: red, warning: yellow, dim, bold };
}

export function textOf(file: string): string | undefined {
  const reading = diskFiles.read(file);
  return reading.kind === 'text' ? reading.text : undefined;
}

export function tellDiagnostics(diagnostics: readonly Diagnostic[], output: Output): void {
  output.tell(printDiagnostics(diagnostics, { textOf, colours: caretColours(output) }));
}
