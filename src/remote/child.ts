/** A child process of this machine as a running program. `stop` kills its whole process group. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { type Ending, endingOf, lingerSeconds, type Running } from './conversation.ts';

export function runChild(file: string, args: readonly string[]): Running {
  // A group of its own: Ctrl-C at the terminal is gwfleet's to decide about, not the child's.
  const child = spawn(file, args, { detached: true, stdio: 'pipe', env: { ...process.env, LC_ALL: 'C' } });
  child.stdin.on('error', () => undefined);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    end: ended(child),
    stop: () => stopGroup(child),
  };
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ending> {
  return await new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let hasExited = false;
    const linger = () => {
      if (!hasExited) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, lingerSeconds * 1000);
    };
    child.on('error', (error) =>
      resolve({ kind: 'lost', cause: `it could not be started: ${error.message}` }),
    );
    child.on('exit', () => {
      hasExited = true;
      linger();
    });
    child.stdout.on('data', linger);
    child.stderr.on('data', linger);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(endingOf(code, signal));
    });
  });
}

function stopGroup(child: ChildProcessWithoutNullStreams): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}
