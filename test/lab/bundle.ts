/**
 * The program as users have it: `bin/gwfleet.js` in a folder of its own, without a terminal.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Folder extends Disposable {
  readonly path: string;
  write(name: string, text: string): string;
  /** Runs gwfleet in the folder; `head` closes stdout after so many characters. */
  gwfleet(args: readonly string[], head?: number): Promise<Ended>;
}

/** A temporary folder with these files. */
export function folderOf(files: Readonly<Record<string, string>> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'gwfleet-cli-'));
  const write = (name: string, text: string): string => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
    return join(path, name);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    path,
    write,
    gwfleet: (args, head) => run(path, args, head),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function run(cwd: string, args: readonly string[], head: number | undefined): Promise<Ended> {
  const env = { ...process.env, XDG_STATE_HOME: join(cwd, 'state'), NO_COLOR: '1' };
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
    if (head !== undefined && said.stdout.length >= head) child.stdout.destroy();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
}
