/**
 * One script with one running program (an SSH channel, a child process): sends the order, keeps what comes back up to
 * the cap, gives the answer when it is asked for, and ends in time whatever the host does. A shell that waits for another
 * script afterwards says where this one ends. What a reader gets wrong: after a limit the program over there still runs;
 * only our end of it is closed.
 */
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { Capture, type CaptureLimits } from './capture.ts';
import { EndMark } from './end-mark.ts';
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

/** How long it may take until the script is started or refused: sudo hangs when the host's name server does. */
const startSeconds = 30;

/** How long a kill over the network may take before the input ends all the same. */
const killSeconds = 2;

/** Whether the running program can be given another order then is told by `isWaiting`. */
export async function converse(
  running: Running,
  order: Order,
  options: RunOptions & { limits: CaptureLimits },
): Promise<{ readonly outcome: Outcome; readonly isWaiting: boolean }> {
  const talk = new Talk(running, order, options);
  return await talk.outcome();
}

/** How a conversation stopped. `marked`: the script has ended, and its shell waits. */
type Stopped = Ending | { readonly kind: 'marked' | 'timed-out' | 'unanswered' };

class Talk {
  readonly #running: Running;
  readonly #order: Order;
  readonly #options: RunOptions & { limits: CaptureLimits };
  readonly #stdout: Capture;
  readonly #stderr: Capture;
  readonly #end: EndMark | undefined;
  #started: boolean;
  #payloadSent = false;
  #answered = false;
  #gaveUp = false;
  #tellEnd: () => void = () => undefined;

  constructor(running: Running, order: Order, options: RunOptions & { limits: CaptureLimits }) {
    this.#running = running;
    this.#order = order;
    this.#options = options;
    this.#stdout = new Capture(options.limits);
    this.#stderr = new Capture(options.limits);
    this.#end = order.endMark === undefined ? undefined : new EndMark(order.endMark);
    this.#started = order.start === undefined;
  }

  async outcome(): Promise<{ outcome: Outcome; isWaiting: boolean }> {
    const { stdin, stdout, stderr } = this.#running;
    // A program that ends without reading all of it is no mistake: its ending tells.
    stdin.on('error', () => undefined);
    stdout.on('data', this.#hearStdout);
    stderr.on('data', this.#hearStderr);
    if (this.#order.opening !== '') stdin.write(this.#order.opening);
    if (this.#order.start?.awaited !== true) this.#sendPayload();
    const stopped = await this.#firstOf();
    stdout.off('data', this.#hearStdout);
    stderr.off('data', this.#hearStderr);
    if (stopped.kind !== 'exit' && stopped.kind !== 'marked') this.#running.stop();
    return { outcome: this.#judge(stopped), isWaiting: stopped.kind === 'marked' };
  }

  readonly #hearStdout = (chunk: Buffer): void => {
    this.#stdout.add(chunk);
    this.#answer();
    this.#hearEnd('stdout', chunk);
  };

  readonly #hearStderr = (chunk: Buffer): void => {
    this.#stderr.add(chunk);
    this.#watchStart();
    this.#hearEnd('stderr', chunk);
  };

  #hearEnd(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#end?.hear(stream, chunk);
    if (this.#end?.code !== undefined) this.#tellEnd();
  }

  #sendPayload(): void {
    this.#payloadSent = true;
    this.#running.stdin.write(this.#order.payload);
    if (this.#options.answer === undefined && this.#end === undefined) this.#running.stdin.end();
  }

  #answer(): void {
    if (this.#answered) return;
    const text = this.#options.answer?.(this.#stdout.head);
    if (text === undefined) return;
    this.#answered = true;
    this.#running.stdin.end(text);
  }

  #watchStart(): void {
    const { start, sudo } = this.#order;
    if (this.#started || start === undefined) return;
    const said = this.#stderr.head;
    if (said.includes(`${start.mark}\n`)) {
      this.#started = true;
      if (!this.#payloadSent) this.#sendPayload();
    } else if (sudo !== undefined && askedTwice(said, sudo) && !this.#gaveUp) {
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

  async #firstOf(): Promise<Stopped> {
    const { timeoutSeconds, signal } = this.#options;
    const timers: NodeJS.Timeout[] = [];
    let interrupt: (() => void) | undefined;
    try {
      return await Promise.race([
        this.#running.end,
        new Promise<Stopped>((resolve) => {
          this.#tellEnd = () => resolve({ kind: 'marked' });
          const unlessStarted = (): void => {
            if (!this.#started) resolve({ kind: 'unanswered' });
          };
          timers.push(
            setTimeout(resolve, timeoutSeconds * 1000, { kind: 'timed-out' }),
            setTimeout(unlessStarted, startSeconds * 1000),
          );
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

  #judge(stopped: Stopped): Outcome {
    const [stdout, stderr] = this.#said();
    switch (stopped.kind) {
      case 'marked':
        return { kind: 'done', code: this.#end?.code ?? 0, stdout, stderr };
      case 'exit':
        if (!this.#started) return this.#refused(stdout, stderr);
        return { kind: 'done', code: stopped.code, stdout, stderr: stderr + (stopped.note ?? '') };
      case 'lost':
        if (!this.#payloadSent) return { kind: 'not-started', cause: stopped.cause, stdout, stderr };
        return { kind: 'connection-lost', cause: stopped.cause, stdout, stderr };
      case 'timed-out':
        if (!this.#started) return this.#unanswered(stdout, stderr);
        return { kind: 'timed-out', seconds: this.#options.timeoutSeconds, stdout, stderr };
      case 'unanswered':
        return this.#unanswered(stdout, stderr);
    }
  }

  #refused(stdout: string, stderr: string): Outcome {
    const { sudo } = this.#order;
    const why = sudo === undefined ? { cause: 'the shell on the host had ended' } : sudoRefusal(stderr, sudo);
    return { kind: 'not-started', ...why, stdout, stderr };
  }

  /** Without a password the script is already over there, and sudo may yet come back and start it. */
  #unanswered(stdout: string, stderr: string): Outcome {
    const seconds = Math.min(startSeconds, this.#options.timeoutSeconds);
    const cause =
      this.#order.sudo === undefined
        ? `the shell on the host did not answer within ${seconds} s`
        : `sudo neither started the script nor refused within ${seconds} s; often the host waits for a name server`;
    if (!this.#payloadSent) return { kind: 'not-started', cause, stdout, stderr };
    return { kind: 'timed-out', seconds, stdout, stderr: `${stderr}gwfleet: ${cause}\n` };
  }

  /** What the script said, without what stands around it. */
  #said(): readonly [string, string] {
    const [stdout, stderr] = [this.#stdout.text(), this.#stderr.text()];
    const begin = this.#started && this.#order.start !== undefined ? `${this.#order.start.mark}\n` : '';
    const own = stderr.slice(stderr.indexOf(begin) + begin.length);
    if (this.#end === undefined) return [stdout, own];
    return [this.#end.before('stdout', stdout), this.#end.before('stderr', own)];
  }
}
