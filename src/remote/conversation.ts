/**
 * One script with one running program (an SSH channel, a child process): sends the order, keeps what comes back up to
 * the cap, gives the answer when it is asked for, and ends in time whatever the host does. What a reader gets wrong:
 * after a limit the program over there still runs; only our end of it is closed.
 */
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { Capture, type CaptureLimits } from './capture.ts';
import type { Order } from './order.ts';
import type { Outcome, RunOptions } from './remote.ts';
import { askedTwice, sudoRefusal, triesEmptyPasswords } from './sudo-answer.ts';

/** How a program ended: with a status, or unknown to us. */
export type Ending =
  | { readonly kind: 'exit'; readonly code: number; readonly note?: string }
  | { readonly kind: 'lost'; readonly cause: string };

/** A program that was started and reads its stdin. */
export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles after the last byte of both streams; never rejects. */
  readonly end: Promise<Ending>;
  /** Closes our side, and the program if it is ours. */
  stop(): void;
  /** Kills the program over there while our side listens on; missing where nothing can. */
  readonly kill?: () => void;
}

/** How long output may pause after the exit status came while a background child still holds the streams. */
export const lingerSeconds = 2;

/** The ending of a program with a status, or one that a signal killed: 128 + its number, as shells say it. */
export function endingOf(code: number | null, signal: string | null | undefined): Ending {
  if (code !== null) return { kind: 'exit', code };
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0;
  return { kind: 'exit', code: 128 + number, note: `the shell was killed by ${signal ?? 'a signal'}\n` };
}

/** How long sudo may take to start the script or to refuse; it hangs when the host's name server does. */
const sudoSeconds = 30;

/** How long a kill over the network may take before the input ends all the same. */
const killSeconds = 2;

export async function converse(
  running: Running,
  order: Order,
  options: RunOptions & { limits: CaptureLimits },
): Promise<Outcome> {
  const talk = new Talk(running, order, options);
  return await talk.outcome();
}

class Talk {
  readonly #running: Running;
  readonly #order: Order;
  readonly #options: RunOptions & { limits: CaptureLimits };
  readonly #stdout: Capture;
  readonly #stderr: Capture;
  #started = false;
  #payloadSent = false;
  #answered = false;
  #gaveUp = false;

  constructor(running: Running, order: Order, options: RunOptions & { limits: CaptureLimits }) {
    this.#running = running;
    this.#order = order;
    this.#options = options;
    this.#stdout = new Capture(options.limits);
    this.#stderr = new Capture(options.limits);
    this.#started = order.sudo === undefined;
  }

  async outcome(): Promise<Outcome> {
    this.#listen();
    if (this.#order.opening !== '') this.#running.stdin.write(this.#order.opening);
    if (this.#order.sudo?.passwordGiven !== true) this.#sendPayload();
    const stopped = await this.#firstOf();
    if (stopped.kind !== 'exit') this.#running.stop();
    return this.#judge(stopped);
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#running;
    // A program that ends without reading all of it is no mistake: its ending tells.
    stdin.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      this.#stdout.add(chunk);
      this.#answer();
    });
    stderr.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      this.#watchSudo();
    });
  }

  #sendPayload(): void {
    this.#payloadSent = true;
    this.#running.stdin.write(this.#order.payload);
    if (this.#options.answer === undefined) this.#running.stdin.end();
  }

  #answer(): void {
    if (this.#answered) return;
    const text = this.#options.answer?.(this.#stdout.head);
    if (text === undefined) return;
    this.#answered = true;
    this.#running.stdin.end(text);
  }

  #watchSudo(): void {
    const { sudo } = this.#order;
    if (this.#started || sudo === undefined) return;
    const said = this.#stderr.head;
    if (said.includes(`${sudo.startMark}\n`)) {
      this.#started = true;
      if (!this.#payloadSent) this.#sendPayload();
    } else if (askedTwice(said, sudo) && !this.#gaveUp) {
      this.#gaveUp = true;
      this.#giveUp(triesEmptyPasswords(said, sudo) ? this.#running.kill : undefined);
    }
  }

  /** The end of its input ends the real sudo; one that would go on trying is killed first, if that can be. */
  #giveUp(kill: (() => void) | undefined): void {
    const { stdin } = this.#running;
    if (kill === undefined) {
      stdin.end();
      return;
    }
    kill();
    setTimeout(() => stdin.end(), killSeconds * 1000).unref();
  }

  async #firstOf(): Promise<Ending | { kind: 'timed-out' } | { kind: 'sudo-hangs' }> {
    const { timeoutSeconds, signal } = this.#options;
    const timers: NodeJS.Timeout[] = [];
    let interrupt: (() => void) | undefined;
    try {
      return await Promise.race([
        this.#running.end,
        new Promise<{ kind: 'timed-out' }>((resolve) => {
          timers.push(setTimeout(resolve, timeoutSeconds * 1000, { kind: 'timed-out' }));
        }),
        new Promise<{ kind: 'sudo-hangs' }>((resolve) => {
          const check = () => {
            if (!this.#started) resolve({ kind: 'sudo-hangs' });
          };
          timers.push(setTimeout(check, sudoSeconds * 1000));
        }),
        new Promise<Ending>((resolve) => {
          interrupt = () => resolve({ kind: 'lost', cause: 'it was interrupted here' });
          if (signal?.aborted === true) interrupt();
          signal?.addEventListener('abort', interrupt);
        }),
      ]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      if (interrupt !== undefined) signal?.removeEventListener('abort', interrupt);
    }
  }

  #judge(stopped: Ending | { kind: 'timed-out' } | { kind: 'sudo-hangs' }): Outcome {
    const stdout = this.#stdout.text();
    const stderr = this.#withoutSudo(this.#stderr.text());
    const { sudo } = this.#order;
    switch (stopped.kind) {
      case 'exit':
        if (!this.#started && sudo !== undefined) {
          return { kind: 'not-started', ...sudoRefusal(stderr, sudo), stdout, stderr };
        }
        return { kind: 'done', code: stopped.code, stdout, stderr: stderr + (stopped.note ?? '') };
      case 'lost':
        return { kind: 'connection-lost', cause: stopped.cause, stdout, stderr };
      case 'timed-out':
        if (!this.#started) return this.#hangingSudo(stdout, stderr);
        return { kind: 'timed-out', seconds: this.#options.timeoutSeconds, stdout, stderr };
      case 'sudo-hangs':
        return this.#hangingSudo(stdout, stderr);
    }
  }

  /** Without a password the script is already over there, and sudo may yet come back and start it. */
  #hangingSudo(stdout: string, stderr: string): Outcome {
    const seconds = Math.min(sudoSeconds, this.#options.timeoutSeconds);
    const cause = `sudo neither started the script nor refused within ${seconds} s; often the host waits for a name server`;
    if (!this.#payloadSent) return { kind: 'not-started', cause, stdout, stderr };
    return { kind: 'timed-out', seconds, stdout, stderr: `${stderr}gwfleet: ${cause}\n` };
  }

  #withoutSudo(stderr: string): string {
    const { sudo } = this.#order;
    if (sudo === undefined || !this.#started) return stderr;
    const mark = `${sudo.startMark}\n`;
    return stderr.slice(stderr.indexOf(mark) + mark.length);
  }
}
