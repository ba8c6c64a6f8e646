/**
 * Remote over an SSH session: one exec a script, or for a script whose shell waits afterwards and the next one together.
 * The channel's silence gets its name here: a channel that closes without an exit status is a lost connection, however
 * normal the library finds it.
 */
import pLimit from 'p-limit';
import type { ClientChannel } from 'ssh2';
import type { Script } from '../shell/sh.ts';
import type { CaptureLimits } from './capture.ts';
import { converse, type Ending, endingOf, lingerSeconds, type Running } from './conversation.ts';
import { type Become, door, nextOrder, type Order, orderFor } from './order.ts';
import type { Outcome, Remote, RunOptions } from './remote.ts';
import { earlyExit, type SshSession } from './ssh-session.ts';
import { pause, within } from './time-limit.ts';

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
  const place: Place = { session, options, waiting: undefined };
  let closing: Promise<void> | undefined;
  return {
    run: async (script, runOptions) => await limit(runOne, place, script, runOptions),
    close: () => {
      session.close();
      closing ??= options.release();
      return closing;
    },
  };
}

interface Place {
  readonly session: SshSession;
  readonly options: SshRemoteOptions;
  /** A shell that has run a script and can run another. */
  waiting: Running | undefined;
}

async function runOne(place: Place, script: Script, runOptions: RunOptions): Promise<Outcome> {
  const { waiting } = place;
  place.waiting = undefined;
  const wish = { nonce: place.options.nonce(), afterwards: afterwardsOf(runOptions) };
  if (waiting !== undefined) {
    const outcome = await runIn(waiting, nextOrder(script, wish), { place, runOptions });
    const isOver = place.session.isClosed || runOptions.signal?.aborted === true;
    if (outcome.kind !== 'not-started' || isOver) return outcome;
  }
  const channel = await openChannel(place.session, door(place.options), runOptions.timeoutSeconds);
  if (channel instanceof Error) {
    const cause = `the host opened no session for the script: ${channel.message}`;
    return { kind: 'not-started', cause, stdout: '', stderr: '' };
  }
  const order = orderFor(script, { ...place.options, ...wish });
  return await runIn(runningOf(channel, place.session), order, { place, runOptions });
}

function afterwardsOf({ afterwards, answer }: RunOptions): 'ends' | 'waits' {
  return afterwards === 'waits' && answer === undefined ? 'waits' : 'ends';
}

async function runIn(
  running: Running,
  order: Order,
  { place, runOptions }: { readonly place: Place; readonly runOptions: RunOptions },
): Promise<Outcome> {
  const { outcome, isWaiting } = await converse(running, order, {
    ...runOptions,
    limits: place.options.limits,
  });
  if (isWaiting) {
    place.waiting = running;
    void running.end.then(() => {
      if (place.waiting === running) place.waiting = undefined;
    });
  }
  return outcome;
}

/** A host that allows fewer sessions than we try (MaxSessions) has one again when another script is done. */
async function openChannel(
  session: SshSession,
  command: Script,
  seconds: number,
): Promise<ClientChannel | Error> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const opening = session.exec(command.text);
    const channel = await within((deadline - Date.now()) / 1000, opening);
    if (channel === 'late') {
      // One that opens after all must not stay open.
      void opening.then((late) => late instanceof Error || late.close());
      return new Error(`no answer within ${seconds} s`);
    }
    const isFull =
      channel instanceof Error && channel.message.includes('open failed') && session.openCount > 0;
    if (!isFull || Date.now() + 1000 > deadline) return channel;
    await pause(0.2);
  }
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
    const ended = (code: number | null, signal?: string) => {
      ending = endingOf(code, signal);
      linger();
    };
    const early = earlyExit(channel);
    if (early === undefined) channel.on('exit', ended);
    else ended(early.code, early.signal);
    channel.on('data', linger);
    channel.stderr.on('data', linger);
    channel.on('close', () => {
      clearTimeout(timer);
      if (ending !== undefined) resolve(ending);
      else void causeOf(session).then((cause) => resolve({ kind: 'lost', cause }));
    });
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    end,
    stop: () => channel.close(),
    // sshd does that as the user who logged in; for root, who needs no sudo, it refuses.
    kill: () => channel.signal('KILL'),
  };
}

/** Channels close just before their connection says why: give it a moment. */
async function causeOf(session: SshSession): Promise<string> {
  const moment = new Promise<void>((resolve) => setTimeout(resolve, 50));
  await Promise.race([session.closed, moment]);
  return session.isClosed ? session.cause : 'the host closed the session without an exit status';
}
