/**
 * A real terminal for a test: tmux with a shell in it, on a socket of its own. What is on the screen, what has scrolled
 * away, every byte that came, and the size can be changed while something runs.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);
const top = fileURLToPath(new URL('../..', import.meta.url));

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Terminal extends AsyncDisposable {
  /** A line for the shell, or for what asks. */
  line(text: string): Promise<void>;
  /** Keys by tmux's names: `j`, `Enter`, `C-c`, `Escape`. */
  keys(...names: readonly string[]): Promise<void>;
  /** The lines on the screen, without those that are empty. */
  screen(): Promise<readonly string[]>;
  /** All lines, those that have scrolled away first. */
  all(): Promise<readonly string[]>;
  /** Waits until the screen shows it. */
  shows(pattern: RegExp): Promise<void>;
  /** The process of ours that runs in it. */
  process(): Promise<number>;
  resize(columns: number, rows: number): Promise<void>;
  /** Every byte that was written to the terminal. */
  bytes(): string;
  /** What the terminal is: its modes as `stty -a` has them before and after, the exit code, the cursor. */
  ended(): Promise<Ended>;
  readonly folder: string;
}

export interface Ended {
  readonly code: number;
  readonly before: string;
  readonly after: string;
  readonly cursor: string;
}

let count = 0;

export async function terminal(options: TerminalOptions = {}): Promise<Terminal> {
  const { columns = 80, rows = 24, env = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-terminal-'));
  count += 1;
  const socket = `gwfleet-${process.pid}-${count}`;
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run('tmux', ['-L', socket, '-f', '/dev/null', ...args])).stdout;
  const shell = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: folder, XDG_STATE_HOME: join(folder, 'state') },
    ...{ PS1: '$ ', LANG: 'C.UTF-8', ...env },
  };
  const words = Object.entries(shell).map(([name, value]) => `${name}=${value}`);
  const size = ['-x', String(columns), '-y', String(rows)];
  const bash = ['env', '-u', 'CI', '-u', 'NO_COLOR', ...words, 'bash', '--norc', '--noprofile'];
  await run('tmux', ['-L', socket, '-f', '/dev/null', 'new-session', '-d', ...size, ...bash], {
    cwd: top,
    env: { ...process.env, LANG: 'C.UTF-8', TMUX: '' },
  });
  await tmux('set-option', '-g', 'history-limit', '5000');
  await tmux('pipe-pane', `cat > ${folder}/bytes`);
  const lines = async (...from: readonly string[]): Promise<readonly string[]> =>
    (await tmux('capture-pane', '-p', ...from)).split('\n').filter((line) => line.trim() !== '');
  const read = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return '';
    }
  };
  return {
    folder,
    line: async (text) => {
      await tmux('send-keys', '-l', text);
      await tmux('send-keys', 'Enter');
    },
    keys: async (...names) => {
      await tmux('send-keys', ...names);
    },
    screen: () => lines(),
    all: () => lines('-S', '-'),
    shows: (pattern) =>
      expect.poll(async () => (await lines()).join('\n'), { timeout: 60_000, interval: 50 }).toMatch(pattern),
    process: async () => {
      const tty = (await tmux('display-message', '-p', '#{pane_tty}')).trim().replace('/dev/', '');
      const listed = (await run('ps', ['-t', tty, '-o', 'pid=,args='])).stdout.split('\n');
      return Number(
        listed
          .find((one) => one.includes('bin/gwfleet.js'))
          ?.trim()
          .split(' ')[0],
      );
    },
    resize: async (width, height) => {
      await tmux('resize-window', '-x', String(width), '-y', String(height));
    },
    bytes: () => read('bytes'),
    ended: async () => {
      await expect.poll(() => read('code'), { timeout: 120_000, interval: 100 }).not.toBe('');
      await expect.poll(() => read('after'), { timeout: 10_000 }).not.toBe('');
      const cursor = await tmux('display-message', '-p', '#{cursor_flag}');
      return {
        code: Number(read('code')),
        before: read('before'),
        after: read('after'),
        cursor: cursor.trim(),
      };
    },
    [Symbol.asyncDispose]: async () => {
      await tmux('kill-server').catch(() => undefined);
      // What ran in there may still be writing its last words.
      await expect.poll(() => removed(folder), { timeout: 60_000, interval: 200 }).toBe(true);
    },
  };
}

function removed(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** The shell's words around a command, so that `ended` knows how it was before and after. */
export function watched(command: string, { folder }: { readonly folder: string }): string {
  return `(stty -a | tail -n +2 > ${folder}/before; ${command}; echo $? > ${folder}/code; stty -a | tail -n +2 > ${folder}/after)`;
}
