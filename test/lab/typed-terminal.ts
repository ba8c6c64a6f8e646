/** The bundle on a terminal of its own (script(1) makes it), typed to like a person: wait for words, then type. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { quote } from '../../src/shell/quote.ts';

const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));

export interface Terminal {
  /** All that was shown so far. */
  readonly shown: () => string;
  /** Resolves when the words have come; what came before is not looked at again. */
  sees(words: RegExp): Promise<void>;
  type(text: string): void;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

export function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}): Terminal {
  const command = [process.execPath, program, ...args].map(quote).join(' ');
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '1', TERM: 'dumb', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let shown = '';
  let seen = 0;
  let wake: () => void = () => undefined;
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8');
    wake();
  });
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      resolve(code);
      wake();
    }),
  );
  return {
    shown: () => shown,
    ended,
    type: (text) => child.stdin.write(text),
    sees: async (words) => {
      for (;;) {
        const match = words.exec(shown.slice(seen));
        if (match !== null) {
          seen += match.index + match[0].length;
          return;
        }
        if (child.exitCode !== null) throw new Error(`it ended without ${words}: ${shown}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
