/** `validate`: every mistake and warning of inventory and playbook. Opens no connection. */

import { exitCodes } from '../report/exit-code.ts';
import { type Diagnostic, hasErrors } from '../source/diagnostic.ts';
import type { Flags } from './flags.ts';
import { listHosts, listTasks } from './listings.ts';
import type { Output } from './output.ts';
import { type Request, readRequest } from './request.ts';
import { tellDiagnostics } from './told.ts';
import { InvalidFiles } from './usage.ts';

export function validate(path: string, given: object, output: Output): Promise<number> {
  const flags = given as Flags;
  const { request, diagnostics } = read(path, flags);
  const exit = hasErrors(diagnostics) ? exitCodes.usage : exitCodes.asWanted;
  if (flags.json === true) {
    output.result(`${JSON.stringify({ v: 1, command: 'validate', exit, diagnostics })}\n`);
    return Promise.resolve(exit);
  }
  tellDiagnostics(diagnostics, output);
  if (request === undefined) return Promise.resolve(counted(diagnostics, output));
  if (flags.listHosts === true) return Promise.resolve(listHosts(request, output));
  if (flags.listTasks === true) return Promise.resolve(listTasks(request, output));
  const hosts = request.targets.size;
  output.result(
    `valid: ${hosts} ${hosts === 1 ? 'host' : 'hosts'}, ${request.fleet.plays.length} plays, ${diagnostics.length} warnings\n`,
  );
  return Promise.resolve(exit);
}

function read(path: string, flags: Flags): { request?: Request; diagnostics: readonly Diagnostic[] } {
  try {
    const request = readRequest(path, flags);
    return { request, diagnostics: request.warnings };
  } catch (error) {
    if (error instanceof InvalidFiles) return { diagnostics: error.diagnostics };
    throw error;
  }
}

function counted(diagnostics: readonly Diagnostic[], output: Output): number {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  output.tell(`${count} ${count === 1 ? 'error' : 'errors'}\n`);
  return exitCodes.usage;
}
