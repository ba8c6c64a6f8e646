/**
 * The interface over a run of many hosts, replayed at the pace of its journal in a real terminal of 24 x 80 (tmux): how
 * much of a core it takes, how many bytes a second it writes, what it holds, and how soon a key is answered.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { journalRun, writeJournal } from './journal.ts';

export interface InterfaceCost {
  readonly hosts: number;
  /** Of one core, while hosts come and go. */
  readonly share: number;
  readonly bytesPerSecond: number;
  /** MiB. */
  readonly peak: number;
  /** The slowest answer to a key that was seen, with what it takes to look. */
  readonly keyMs: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const secondsMeasured = 10;
const keysPressed = 6;

export async function interfaceRun(hosts: number): Promise<InterfaceCost> {
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-interface-'));
  const bytes = join(folder, 'bytes');
  const socket = `gwfleet-scale-${process.pid}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: terminalEnv(folder),
    });
  try {
    process.stderr.write(`${hosts} hosts: interface\n`);
    writeJournal(folder, hosts);
    const replay = [process.execPath, join(root, 'bin', 'gwfleet.js'), 'runs', 'replay', journalRun];
    tmux(
      'new-session',
      '-d',
      '-x',
      '80',
      '-y',
      '24',
      ...replay,
      ';',
      'set-option',
      '-g',
      'remain-on-exit',
      'on',
    );
    tmux('pipe-pane', `cat >${bytes}`);
    const screen = (): string => tmux('capture-pane', '-p');
    await shown(screen, /\d+\/\d+/);
    const pid = Number(tmux('display-message', '-p', '#{pane_pid}'));
    const before = { ...used(pid), bytes: statSync(bytes).size };
    await sleep(secondsMeasured * 1000);
    const after = { ...used(pid), bytes: statSync(bytes).size };
    const seconds = (after.at - before.at) / 1000;
    return {
      hosts,
      share: (after.cpu - before.cpu) / seconds,
      bytesPerSecond: (after.bytes - before.bytes) / seconds,
      keyMs: await slowestKey(screen, (key) => tmux('send-keys', key)),
      peak: Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    };
  } finally {
    tmux('kill-server');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Help comes and goes. */
async function slowestKey(screen: () => string, press: (key: string) => void): Promise<number> {
  let slowest = 0;
  for (let at = 0; at < keysPressed; at += 1) {
    const began = performance.now();
    press('?');
    await shown(screen, at % 2 === 0 ? helpWords : notHelp);
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}

const helpWords = /ctrl-z/;
const notHelp = /^(?![\s\S]*ctrl-z)/;

async function shown(screen: () => string, words: RegExp): Promise<void> {
  const until = performance.now() + 20_000;
  while (!words.test(screen())) {
    if (performance.now() > until) throw new Error(`the screen never showed ${String(words)}:\n${screen()}`);
    await sleep(5);
  }
}

function used(pid: number): { readonly at: number; readonly cpu: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return { at: performance.now(), cpu: (Number(fields[11]) + Number(fields[12])) / 100 };
}

function terminalEnv(state: string): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '/root' } = process.env;
  return { PATH, HOME, LANG: 'C.UTF-8', XDG_STATE_HOME: state };
}
