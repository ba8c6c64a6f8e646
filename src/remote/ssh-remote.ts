/**
 * Remote over an SSH session: one exec a script. The channel's silence gets its name here: a channel that closes
 * without an exit status is a lost connection, however normal the library finds it.
 */
import pLimit from 'p-limit';
import type { ClientChannel } from 'ssh2';
import type { Script } from '../shell/sh.ts';
import type { CaptureLimits } from './capture.ts';
import { converse, type Ending, endingOf, lingerSeconds, type Running } from './conversation.ts';
import { type Become, door, orderFor } from './order.ts';
import type { Outcome, Remote, RunOptions } from './remote.ts';
import type { SshSession } from './ssh-session.ts';

export interface SshRemoteOptions {
  readonly user: string;
  readonly become: Become | null;
  readonly limits: CaptureLimits;
  readonly nonce: () => string;
  /** Gives back what the connection borrowed: its place on a jump host. */
  readonly release: () => Promise<void>;
}

/** sshd allows 10 sessions a connection (MaxSessions); file transfers and others want some too. */
const execsAtOnce = 4;

export function sshRemote(session: SshSession, options: SshRemoteOptions): Remote {
  const limit = pLimit(execsAtOnce);
  return {
    run: async (script, runOptions) => await limit(runOne, { session, options, script, runOptions }),
    close: async () => {
      await session.close();
      await options.release();
    },
  };
}

interface Run {
  readonly session: SshSession;
  readonly options: SshRemoteOptions;
  readonly script: Script;
  readonly runOptions: RunOptions;
}

async function runOne({ session, options, script, runOptions }: Run): Promise<Outcome> {
  const { user, become, limits } = options;
  const { timeoutSeconds } = runOptions;
  const channel = await withinSeconds(timeoutSeconds, session.exec(door.text));
  if (channel instanceof Error) {
    const cause = `the host opened no session for the script: ${channel.message}`;
    return { kind: 'not-started', cause, stdout: '', stderr: '' };
  }
  const order = orderFor(script, { user, become, nonce: options.nonce() });
  return await converse(runningOf(channel, session), order, { ...runOptions, limits });
}

function runningOf(channel: ClientChannel, session: SshSession): Running {
  // Needed also after our side closed: late errors of a dying channel belong to nobody.
  channel.on('error', () => undefined);
  const end = new Promise<Ending>((resolve) => {
    let ending: Ending | undefined;
    let timer: NodeJS.Timeout | undefined;
    const linger = () => {
      if (ending === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(() => channel.close(), lingerSeconds * 1000);
    };
    channel.on('exit', (code: number | null, signal?: string) => {
      ending = endingOf(code, signal);
      linger();
    });
    channel.on('data', linger);
    channel.stderr.on('data', linger);
    channel.on('close', () => {
      clearTimeout(timer);
      if (ending !== undefined) resolve(ending);
      else void causeOf(session).then((cause) => resolve({ kind: 'lost', cause }));
    });
  });
  return { stdin: channel, stdout: channel, stderr: channel.stderr, end, stop: () => channel.close() };
}

/** Channels close just before their connection says why: give it a moment. */
async function causeOf(session: SshSession): Promise<string> {
  const moment = new Promise<void>((resolve) => setTimeout(resolve, 50));
  await Promise.race([session.closed, moment]);
  return session.isClosed ? session.cause : 'the host closed the session without an exit status';
}

async function withinSeconds(
  seconds: number,
  opening: Promise<ClientChannel | Error>,
): Promise<ClientChannel | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  });
  const first = await Promise.race([opening, late]);
  clearTimeout(timer);
  // One that opens after all must not stay open.
  if (first instanceof Error) void opening.then((channel) => channel instanceof Error || channel.close());
  return first;
}
