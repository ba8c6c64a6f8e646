/**
 * Remote over the system's `ssh`, for what the built-in transport lacks: certificates, FIDO keys, GSSAPI,
 * ProxyCommand. Every script is a connection of its own; the first is opened at connect, so that a host which cannot
 * be entered is told then.
 */
import type { LimitFunction } from 'p-limit';
import type { Script } from '../shell/sh.ts';
import type { CaptureLimits } from './capture.ts';
import { runChild } from './child.ts';
import { converse, type Ending, type Running } from './conversation.ts';
import { opensshFailure } from './openssh-failure.ts';
import { type Become, markedDoor, orderFor } from './order.ts';
import type { ConnectFailure, Outcome, Remote, RunOptions } from './remote.ts';
import { pause } from './time-limit.ts';

export interface OpensshOptions {
  /** Arguments of ssh up to the host's address. */
  readonly args: readonly string[];
  readonly address: string;
  readonly user: string;
  readonly become: Become | null;
  readonly limits: CaptureLimits;
  readonly nonce: () => string;
  /** For TCP, the login and the first word of the host's shell together. */
  readonly connectTimeoutSeconds: number;
  /** So many connections at once on this way. */
  readonly limit: LimitFunction;
}

/** sshd, or that of a jump host, drops new connections while too many log in (MaxStartups): try again a little later. */
const attempts = 5;

export async function opensshRemote(
  options: OpensshOptions,
  signal?: AbortSignal,
): Promise<Remote | ConnectFailure> {
  const first = await openDoor(options, signal);
  if ('kind' in first) return first;
  let spare: Running | undefined = first;
  return {
    run: async (script, runOptions) => {
      const running = spare;
      spare = undefined;
      return await runOne(script, { running, options, runOptions });
    },
    close: () => {
      spare?.stop();
      spare = undefined;
      return Promise.resolve();
    },
  };
}

async function runOne(
  script: Script,
  {
    running,
    options,
    runOptions,
  }: { running: Running | undefined; options: OpensshOptions; runOptions: RunOptions },
): Promise<Outcome> {
  const open = running ?? (await openDoor(options, runOptions.signal));
  if ('kind' in open) return { kind: 'not-started', cause: open.message, stdout: '', stderr: '' };
  const { user, become, limits, nonce } = options;
  const order = orderFor(script, { user, become, nonce: nonce(), afterwards: 'ends' });
  return (await converse(open, order, { ...runOptions, limits })).outcome;
}

async function openDoor(options: OpensshOptions, signal?: AbortSignal): Promise<Running | ConnectFailure> {
  for (let attempt = 1; ; attempt += 1) {
    const door = await options.limit(() => tryDoor(options, signal));
    if (!('kind' in door) || !isPassing(door) || attempt >= attempts || signal?.aborted === true) return door;
    await pause(attempt * (0.2 + Math.random() * 0.4));
  }
}

/** Only what happens before the login: nothing has run over there then. */
function isPassing({ kind, message }: ConnectFailure): boolean {
  return kind === 'unreachable' && /exchange_identification|Connection (reset|closed) by/.test(message);
}

/** Waits for the mark that says: we are in. */
async function tryDoor(options: OpensshOptions, signal?: AbortSignal): Promise<Running | ConnectFailure> {
  const readyMark = `gwfleet-in-${options.nonce()}`;
  const endMark = `gwfleet-255-${options.nonce()}`;
  const command = markedDoor(options, { readyMark, endMark }).text;
  const child = runChild('ssh', [...options.args, '--', options.address, command]);
  const said = new LastWords(child);
  let timer: NodeJS.Timeout | undefined;
  let interrupt: () => void = () => undefined;
  const first = await Promise.race([
    new Promise<'ready'>((resolve) => {
      child.stderr.on('data', () => {
        if (said.text.includes(readyMark)) resolve('ready');
      });
    }),
    child.end,
    new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, options.connectTimeoutSeconds * 2000, 'late');
    }),
    new Promise<'interrupted'>((resolve) => {
      interrupt = () => resolve('interrupted');
      if (signal?.aborted === true) interrupt();
      signal?.addEventListener('abort', interrupt);
    }),
  ]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', interrupt);
  if (first === 'ready')
    return { ...child, end: child.end.then((ending) => ambiguous(ending, said.text, endMark)) };
  child.stop();
  if (first === 'interrupted') return { kind: 'unreachable', message: 'connecting was interrupted here' };
  if (first === 'late') {
    return { kind: 'timed-out', message: `ssh did not get in within ${options.connectTimeoutSeconds * 2} s` };
  }
  return opensshFailure(options.address, first.kind === 'lost' ? first.cause : said.text);
}

function ambiguous(ending: Ending, said: string, endMark: string): Ending {
  if (ending.kind === 'lost') return ending;
  if (ending.code !== 255 || said.includes(endMark)) return ending;
  return { kind: 'lost', cause: said.trim().split('\n').at(-1)?.trim() ?? 'ssh failed' };
}

/** The end of what ssh and the host said on stderr. */
class LastWords {
  text = '';

  constructor({ stderr }: Running) {
    stderr.on('data', (chunk: Buffer) => {
      this.text = (this.text + chunk.toString('utf8')).slice(-4000);
    });
  }
}
