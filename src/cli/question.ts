/**
 * Questions, one at a time, on stderr, read from the terminal, before any interface is drawn. Without a terminal
 * there is nobody to ask: that is a usage mistake (exit 5), never a hang.
 */
import { createInterface } from 'node:readline';
import { UsageError } from './usage.ts';

/** The line that was typed, without its end; empty when there was none. Ctrl-C is an interrupt, as anywhere else. */
export async function ask(question: string, flagInstead: string, stop: AbortSignal): Promise<string> {
  requireTerminal(question, flagInstead);
  if (stop.aborted) return '';
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const end = (): void => lines.close();
  stop.addEventListener('abort', end);
  return new Promise((resolve) => {
    lines.once('close', () => {
      stop.removeEventListener('abort', end);
      resolve('');
    });
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    lines.question(question, (answer) => {
      resolve(answer.trim());
      lines.close();
    });
  });
}

/** As `ask`, and nothing that is typed is shown. */
export async function askHidden(question: string, flagInstead: string): Promise<string> {
  requireTerminal(question, flagInstead);
  const { stdin } = process;
  // Before the question is seen: quick fingers must not be shown either.
  stdin.setRawMode(true);
  process.stderr.write(question);
  stdin.resume();
  let typed = '';
  return new Promise((resolve) => {
    const listen = (chunk: Buffer): void => {
      for (const char of chunk.toString('utf8')) {
        if (char === '\r' || char === '\n' || char === '\u0004' || char === '\u0003') {
          stdin.off('data', listen);
          stdin.setRawMode(false);
          stdin.pause();
          process.stderr.write('\n');
          if (char === '\u0003') process.kill(process.pid, 'SIGINT');
          resolve(typed);
          return;
        }
        typed = char === '\u007f' || char === '\b' ? typed.slice(0, -1) : typed + char;
      }
    };
    stdin.on('data', listen);
  });
}

/** What -K asks for. Ask inside the lab, not before: the command is run again in there. */
export async function askBecomePassword({
  askBecomePass,
}: {
  readonly askBecomePass?: true;
}): Promise<string | undefined> {
  if (askBecomePass !== true) return undefined;
  return askHidden('sudo password: ', 'put ansible_become_password in a file given with -e @file');
}

/** Whether the plan is to be carried out. Never when the run was interrupted meanwhile. */
export async function agreed(
  text: string,
  { hosts, stop }: { readonly hosts: number; readonly stop: AbortSignal },
): Promise<boolean> {
  // Above this many hosts a slip of the finger is too dear: the number itself is asked for.
  const wanted = hosts > 20 ? String(hosts) : 'yes';
  const answer = await ask(`${text} Type '${wanted}': `, 'say it beforehand with --yes', stop);
  return answer === wanted || (wanted === 'yes' && answer === 'y');
}

/** Said before any host is looked at: the answer could never come. */
export function requireSomebody(command: string): void {
  if (hasTerminal()) return;
  throw new UsageError(
    `${command} asks before it changes anything, and there is no terminal to ask on`,
    'say it beforehand with --yes, or look only: gwfleet plan',
  );
}

/** Whether there is somebody to ask. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

function requireTerminal(question: string, flagInstead: string): void {
  if (hasTerminal()) return;
  throw new UsageError(`'${question.trim()}' cannot be asked: there is no terminal`, flagInstead);
}
